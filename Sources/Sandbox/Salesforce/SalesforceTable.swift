import JSON

/// One record. A field that is null is not kept.
struct SalesforceRecord: Sendable {
    /// 18 characters.
    let id: String
    var fields: [String: JSONValue]
    var isDeleted = false

    /// A field as text, empty when it is null.
    func text(_ name: String) -> String { fields[name]?.scalarText ?? "" }
}

/// The records of one object, with what finds them.
struct SalesforceTable: Sendable {
    private(set) var records: [String: SalesforceRecord] = [:]
    /// Ids in the order of creation.
    private(set) var ids: [String] = []
    /// Ids by external id field and value.
    private var external: [String: [String: [String]]] = [:]

    /// Adds a record or replaces it, keeping what finds it by `externalFields`.
    mutating func put(_ record: SalesforceRecord, externalFields: [String]) {
        let old = records.updateValue(record, forKey: record.id)
        if old == nil { ids.append(record.id) }
        for field in externalFields {
            if let value = old?.fields[field]?.scalarText { external[field]?[value]?.removeAll { $0 == record.id } }
            if !record.isDeleted, let value = record.fields[field]?.scalarText {
                external[field, default: [:]][value, default: []].append(record.id)
            }
        }
    }

    /// The live records with this external id.
    func ids(_ field: String, _ value: String) -> [String] { external[field]?[value] ?? [] }
}
