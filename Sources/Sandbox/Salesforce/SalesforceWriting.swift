import Foundation
import JSON

/// How records come to be and change: every path into the org ends here, so that each change is checked, stamped and
/// published in one way.
extension SalesforceOrg {
    /// The object by its name, in any case.
    func object(_ name: String) throws(SalesforceProblem) -> SalesforceObject {
        guard let object = objects[name.lowercased()] else { throw .notFound }
        return object
    }

    /// The live record with this id.
    func record(_ id: String, in object: SalesforceObject) throws(SalesforceProblem) -> SalesforceRecord {
        guard let canonical = SalesforceIdentifier.canonical(id) else {
            throw SalesforceProblem(
                "MALFORMED_ID", "\(object.name) ID: id value of incorrect type: \(id)", fields: ["Id"])
        }
        guard let record = tables[object.name]?.records[canonical] else { throw .notFound }
        guard !record.isDeleted else { throw SalesforceProblem("ENTITY_IS_DELETED", "entity is deleted") }
        return record
    }

    /// Creates a record from posted values.
    ///
    /// - Parameter asSystem: for Salesforce's own changes, which may set what an API may not.
    mutating func insert(
        _ posted: [String: JSONValue], as object: SalesforceObject, _ transaction: inout SalesforceTransaction,
        asSystem: Bool = false
    ) throws(SalesforceProblem) -> SalesforceRecord {
        var values = try checked(posted, of: object, asSystem: asSystem)
        let missing = object.fields.filter { $0.isRequired && (values[$0.name] ?? .null) == .null }.map(\.name)
        guard missing.isEmpty else {
            throw SalesforceProblem(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [\(missing.joined(separator: ", "))]",
                fields: missing)
        }
        for field in object.fields where values[field.name] == nil { values[field.name] = field.defaultValue }
        values = values.filter { $0.value != .null }
        try checkUnique(values, of: object, except: nil)
        let id = nextID(prefix: object.prefix)
        let stamp = JSONValue.string(Timestamp.iso8601(transaction.now, zone: "+0000"))
        values["Id"] = .string(id)
        for name in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] { values[name] = stamp }
        for name in ["CreatedById", "LastModifiedById", "OwnerId"] {
            values[name] = values[name] ?? .string(userID)
        }
        values["IsDeleted"] = false
        let record = derived(SalesforceRecord(id: id, fields: values), of: object)
        put(record, in: object)
        note(record, of: object, transaction)
        publish(change: "CREATE", of: [record], in: object, changed: [], &transaction)
        return record
    }

    /// Changes a record to posted values. What is null there is cleared.
    @discardableResult
    mutating func update(
        _ record: SalesforceRecord, of object: SalesforceObject, to posted: [String: JSONValue],
        _ transaction: inout SalesforceTransaction, asSystem: Bool = false
    ) throws(SalesforceProblem) -> SalesforceRecord {
        let values = try checked(posted, of: object, asSystem: asSystem)
        for field in object.fields where field.isRequired && values[field.name] == .null {
            throw SalesforceProblem(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [\(field.name)]", fields: [field.name])
        }
        try checkUnique(values, of: object, except: record.id)
        var changed = record
        for (name, value) in values { changed.fields[name] = value == .null ? nil : value }
        changed = derived(changed, of: object)
        let names = object.fields.map(\.name).filter { record.fields[$0] != changed.fields[$0] }
        let stamp = JSONValue.string(Timestamp.iso8601(transaction.now, zone: "+0000"))
        changed.fields["LastModifiedDate"] = stamp
        changed.fields["SystemModstamp"] = stamp
        put(changed, in: object)
        note(changed, of: object, transaction)
        if !names.isEmpty { publish(change: "UPDATE", of: [changed], in: object, changed: names, &transaction) }
        return changed
    }

    /// Puts a record into the recycle bin.
    mutating func delete(
        _ record: SalesforceRecord, of object: SalesforceObject, _ transaction: inout SalesforceTransaction
    ) {
        var record = record
        record.isDeleted = true
        record.fields["IsDeleted"] = true
        put(record, in: object)
        publish(change: "DELETE", of: [record], in: object, changed: [], &transaction)
    }

    private mutating func put(_ record: SalesforceRecord, in object: SalesforceObject) {
        let external = object.fields.filter { $0.isExternalID || $0.isUnique }.map(\.name)
        tables[object.name, default: SalesforceTable()].put(record, externalFields: external)
    }

    private mutating func note(
        _ record: SalesforceRecord, of object: SalesforceObject, _ transaction: SalesforceTransaction
    ) {
        guard transaction.isFromAPI, object.name.hasSuffix("__c") else { return }
        customWrites.append(SalesforceCustomWrite(object: object.name, id: record.id, fields: record.fields))
    }

    private func checkUnique(_ values: [String: JSONValue], of object: SalesforceObject, except id: String?)
        throws(SalesforceProblem)
    {
        for field in object.fields where field.isUnique {
            guard let value = values[field.name]?.scalarText,
                let other = tables[object.name]?.ids(field.name, value).first(where: { $0 != id })
            else { continue }
            throw SalesforceProblem(
                "DUPLICATE_VALUE",
                "duplicate value found: \(field.name) duplicates value on record with id: \(other)")
        }
    }

    /// Checks posted values against the object's fields, and gives them their proper names and forms.
    private func checked(_ posted: [String: JSONValue], of object: SalesforceObject, asSystem: Bool)
        throws(SalesforceProblem) -> [String: JSONValue]
    {
        var values: [String: JSONValue] = [:]
        for (name, value) in posted.sorted(by: { $0.key < $1.key }) where name != "attributes" {
            guard let field = object.field(name) else {
                throw SalesforceProblem("INVALID_FIELD", "No such column '\(name)' on sobject of type \(object.name)")
            }
            guard asSystem || (!field.isReadOnly && field.kind != .id) else {
                throw SalesforceProblem(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    "Unable to create/update fields: \(field.name). Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
                    fields: [field.name])
            }
            values[field.name] = try checked(value, for: field)
        }
        return values
    }

    private func checked(_ value: JSONValue, for field: SalesforceField) throws(SalesforceProblem) -> JSONValue {
        func wrong(_ kind: String) -> SalesforceProblem {
            SalesforceProblem(
                "JSON_PARSER_ERROR", "Cannot deserialize instance of \(kind) from the value of \(field.name)")
        }
        guard value != .null else { return .null }
        switch field.kind {
        case .boolean:
            guard value.bool != nil else { throw wrong("boolean") }
            return value
        case .double, .currency:
            guard let number = value.double ?? (value.string).flatMap(Double.init) else { throw wrong("double") }
            return .number(number)
        case .date, .datetime:
            guard let date = (value.string).flatMap(Timestamp.parse) else { throw wrong(field.kind.rawValue) }
            let text = Timestamp.iso8601(date, zone: "+0000")
            return .string(field.kind == .date ? String(text.prefix(10)) : text)
        case .reference, .id:
            guard let id = (value.string).flatMap(SalesforceIdentifier.canonical) else {
                throw SalesforceProblem(
                    "MALFORMED_ID", "\(field.name): id value of incorrect type: \(value.scalarText ?? "")",
                    fields: [field.name])
            }
            let known = field.referenceTo.contains { tables[$0]?.records[id]?.isDeleted == false }
            guard known || field.kind == .id else {
                throw SalesforceProblem(
                    "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields: [field.name])
            }
            return .string(id)
        case .string, .email, .phone, .url, .textarea, .picklist:
            guard let text = value.scalarText else { throw wrong("string") }
            guard text.utf16.count <= field.length else {
                throw SalesforceProblem(
                    "STRING_TOO_LONG", "\(field.name): data value too large (max length=\(field.length))",
                    fields: [field.name])
            }
            if field.kind == .email, !text.isEmpty, !text.contains("@") || text.contains(" ") {
                throw SalesforceProblem(
                    "INVALID_EMAIL_ADDRESS", "\(field.name): invalid email address: \(text)", fields: [field.name])
            }
            return text.isEmpty ? .null : .string(text)
        }
    }

    /// Fills in what Salesforce computes.
    private func derived(_ record: SalesforceRecord, of object: SalesforceObject) -> SalesforceRecord {
        var record = record
        switch object.name {
        case "Lead", "Contact":
            let name = [record.text("FirstName"), record.text("LastName")].filter { !$0.isEmpty }
            record.fields["Name"] = .string(name.joined(separator: " "))
        case "Opportunity":
            let stage = SalesforceObject.opportunityStages.first { $0.name == record.text("StageName") }
            guard let stage else { break }
            record.fields["Probability"] = .number(stage.probability)
            record.fields["IsClosed"] = .bool([0, 100].contains(stage.probability))
            record.fields["IsWon"] = .bool(stage.probability == 100)
        case let name where name.hasSuffix("__c") && record.fields["Name"] == nil:
            record.fields["Name"] = .string("D-\(record.id.dropFirst(9).prefix(6))")
        default: break
        }
        return record
    }
}
