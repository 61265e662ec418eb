import Foundation
import JSON

/// How records come to be and change: every path into the portal, API and administration alike, ends here, so that
/// each change is checked, stamped and published in one way.
extension HubSpotPortal {
    /// Checks posted values against the definitions.
    ///
    /// - Parameter allowReadOnly: for HubSpot's own changes, which may set what an API may not.
    func checked(_ values: [String: JSONValue], of type: HubSpotObjectType, allowReadOnly: Bool = false)
        throws(HubSpotBatchError) -> [String: String]
    {
        var result: [String: String] = [:]
        var problems: [(name: String, code: String, message: String)] = []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let definition = tables[type]?.properties[name] else {
                problems.append((name, "PROPERTY_DOESNT_EXIST", "Property \"\(name)\" does not exist"))
                continue
            }
            guard allowReadOnly || !definition.isReadOnly else {
                problems.append(
                    (name, "READ_ONLY_VALUE", "\"\(name)\" is a read only property; its value cannot be set."))
                continue
            }
            do {
                result[name] = try definition.normalized(value.scalarText ?? "")
            } catch {
                problems.append((name, error.code, error.message))
            }
        }
        guard !problems.isEmpty else { return result }
        let details = problems.map { problem in
            JSONValue.object([
                "isValid": false, "message": .string(problem.message), "error": .string(problem.code),
                "name": .string(problem.name), "localizedErrorMessage": .string(problem.message),
                "portalId": .integer(settings.portalID),
            ])
        }
        let errors = problems.map { problem in
            JSONValue.object([
                "message": .string(problem.message), "code": .string(problem.code),
                "context": ["propertyName": [.string(problem.name)]],
            ])
        }
        throw HubSpotBatchError(
            message: "Property values were not valid: \(JSONValue.array(details).canonicalText)", errors: errors)
    }

    /// Creates a record from checked values and publishes it.
    mutating func insert(
        _ values: [String: String], as type: HubSpotObjectType, source: HubSpotEvent.Source, now: Date
    ) throws(HubSpotBatchError) -> HubSpotRecord {
        try checkUnique(values, of: type, except: nil)
        let id = nextRecordID()
        let stamp = Timestamp.iso8601(now)
        var properties = values.filter { !$0.value.isEmpty }
        properties["hs_object_id"] = String(id)
        properties["createdate"] = stamp
        properties[type.modifiedProperty] = stamp
        if type == .contact, properties["lifecyclestage"] == nil { properties["lifecyclestage"] = "lead" }
        if type == .deal { addOutcome(of: &properties) }
        let isIntegration = source.name == "INTEGRATION"
        let record = HubSpotRecord(
            id: id, properties: properties, createdAt: now, updatedAt: now, archivedAt: nil,
            writtenByIntegration: isIntegration ? Set(values.keys) : [])
        tables[type]?.put(record)
        publish(
            HubSpotEvent(
                type: type, action: "creation", objectID: id, details: ["changeFlag": "CREATED"], source: source,
                occurredAt: now))
        guard settings.reportsInitialValues else { return record }
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            publishChange(of: name, to: value, in: record, type: type, source: source, now: now)
        }
        return record
    }

    /// Changes a record's properties to checked values and publishes what is different.
    mutating func update(
        _ record: HubSpotRecord, of type: HubSpotObjectType, to values: [String: String], source: HubSpotEvent.Source,
        now: Date
    ) throws(HubSpotBatchError) -> HubSpotRecord {
        try checkUnique(values, of: type, except: record.id)
        var record = record
        if type == .contact, source.name == "INTEGRATION" {
            contactWrites.append(HubSpotContactWrite(id: record.id, properties: values))
        }
        var changes: [(name: String, value: String)] = []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if source.name == "INTEGRATION" {
                record.writtenByIntegration.insert(name)
            } else {
                record.writtenByIntegration.remove(name)
            }
            guard record.properties[name] ?? "" != value else { continue }
            record.properties[name] = value.isEmpty ? nil : value
            changes.append((name: name, value: value))
        }
        record.updatedAt = now
        record.properties[type.modifiedProperty] = Timestamp.iso8601(now)
        if type == .deal { addOutcome(of: &record.properties) }
        tables[type]?.put(record)
        for change in changes {
            publishChange(of: change.name, to: change.value, in: record, type: type, source: source, now: now)
        }
        return record
    }

    /// Puts a record into the recycle bin.
    mutating func archive(_ record: HubSpotRecord, of type: HubSpotObjectType, source: HubSpotEvent.Source, now: Date) {
        var record = record
        record.archivedAt = now
        tables[type]?.put(record)
        publish(
            HubSpotEvent(
                type: type, action: "deletion", objectID: record.id, details: ["changeFlag": "DELETED"],
                source: source, occurredAt: now))
    }

    /// The source of what the app's own token writes.
    var integration: HubSpotEvent.Source { .init(name: "INTEGRATION", id: String(settings.appID)) }

    private mutating func publishChange(
        of name: String, to value: String, in record: HubSpotRecord, type: HubSpotObjectType,
        source: HubSpotEvent.Source, now: Date
    ) {
        let shown = tables[type]?.properties[name]?.webhookValue(value) ?? value
        publish(
            HubSpotEvent(
                type: type, action: "propertyChange", objectID: record.id, property: (name: name, value: shown),
                source: source, occurredAt: now))
    }

    private func checkUnique(_ values: [String: String], of type: HubSpotObjectType, except id: Int64?)
        throws(HubSpotBatchError)
    {
        for (name, value) in values where !value.isEmpty && tables[type]?.properties[name]?.hasUniqueValue == true {
            guard let other = tables[type]?.record(name, value), other.id != id else { continue }
            throw HubSpotBatchError(
                category: "CONFLICT",
                message: "\(type.singular.capitalized) already exists. Existing ID: \(other.id)")
        }
    }

    /// Fills in whether a deal's stage closes it.
    private func addOutcome(of properties: inout [String: String]) {
        let stages = pipelines[.deal]?.flatMap(\.stages) ?? []
        guard let stage = stages.first(where: { $0.id == properties["dealstage"] }) else { return }
        properties["hs_is_closed"] = stage.isClosed ? "true" : "false"
        properties["hs_is_closed_won"] = stage.isClosed && stage.probability == 1 ? "true" : "false"
    }
}
