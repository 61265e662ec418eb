import Foundation

/// The records of one type, with what finds them.
struct HubSpotTable: Sendable {
    /// The property definitions by name.
    var properties: [String: HubSpotProperty]
    /// The labels of the property groups by name.
    var groups: [String: String]
    private(set) var records: [Int64: HubSpotRecord] = [:]
    /// Ids in the order of creation, which is ascending.
    private(set) var ids: [Int64] = []
    /// The record that a merged one went into.
    private var survivors: [Int64: Int64] = [:]
    /// Record by property and lower-cased value, for the properties with unique values.
    private var unique: [String: [String: Int64]] = [:]

    init(_ type: HubSpotObjectType) {
        let standard = HubSpotProperty.standard(type)
        properties = Dictionary(standard.map { ($0.name, $0) }) { first, _ in first }
        groups = ["\(type.singular)information": "\(type.singular.capitalized) information"]
    }

    /// The record with this id, or the one that it was merged into; archived ones too.
    func record(_ id: Int64) -> HubSpotRecord? {
        records[survivors[id] ?? id]
    }

    /// The record that has this value of a unique property; archived ones are not found.
    func record(_ property: String, _ value: String) -> HubSpotRecord? {
        if property == "hs_object_id" {
            return Int64(value).flatMap(record).flatMap { $0.archivedAt == nil ? $0 : nil }
        }
        return unique[property]?[value.lowercased()].flatMap { records[$0] }
    }

    /// Adds a record or replaces it.
    mutating func put(_ record: HubSpotRecord) {
        let old = records.updateValue(record, forKey: record.id)
        if old == nil { ids.append(record.id) }
        for (name, property) in properties where property.hasUniqueValue && name != "hs_object_id" {
            if let value = old?.properties[name] { unique[name]?[value.lowercased()] = nil }
            if record.archivedAt == nil, let value = record.properties[name] {
                unique[name, default: [:]][value.lowercased()] = record.id
            }
        }
    }

    /// Forgets a record for good.
    mutating func erase(_ id: Int64) {
        guard var record = records[id] else { return }
        record.archivedAt = record.updatedAt
        put(record)
        records[id] = nil
        ids.removeAll { $0 == id }
    }

    /// Lets every reader of one record find another.
    mutating func merge(_ loser: Int64, into survivor: Int64) {
        for (old, target) in survivors where target == loser { survivors[old] = survivor }
        survivors[loser] = survivor
    }
}
