import HTTPTypes
import JSON

/// `/sobjects/{object}/…`: one record at a time.
extension SalesforceOrg {
    static let recordRoutes: [Route<SalesforceOrg>] = [
        Route("POST", "/sobjects/{object}") { try $0.create($1) },
        Route("GET", "/sobjects/{object}/{id}") { try $0.read($1) },
        Route("PATCH", "/sobjects/{object}/{id}") { try $0.change($1) },
        Route("DELETE", "/sobjects/{object}/{id}") { try $0.remove($1) },
        Route("GET", "/sobjects/{object}/{field}/{value}") { try $0.readByKey($1) },
        Route("PATCH", "/sobjects/{object}/{field}/{value}") { try $0.upsertByKey($1) },
        Route("DELETE", "/sobjects/{object}/{field}/{value}") { try $0.removeByKey($1) },
    ]

    /// The body of a call as JSON.
    func body(_ call: Call) throws(SalesforceProblem) -> JSONValue {
        do {
            return try JSONValue(parsing: call.request.body)
        } catch {
            throw SalesforceProblem("JSON_PARSER_ERROR", error.description)
        }
    }

    /// The record as the API shows it.
    func json(_ record: SalesforceRecord, of object: SalesforceObject, fields: [String], base: String) -> JSONValue {
        var shown: [String: JSONValue] = ["attributes": attributes(record, of: object, base: base)]
        for name in fields {
            guard let field = object.field(name) else { continue }
            shown[field.name] = record.fields[field.name] ?? .null
        }
        return .object(shown)
    }

    func attributes(_ record: SalesforceRecord, of object: SalesforceObject, base: String) -> JSONValue {
        ["type": .string(object.name), "url": .string("\(base)/sobjects/\(object.name)/\(record.id)")]
    }

    /// Another writer holds the record, if a fault says so.
    mutating func checkLock(_ id: String) throws(SalesforceProblem) {
        guard faults.takeLockedRow() else { return }
        throw SalesforceProblem(
            "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: \(id)")
    }

    private func saved(_ record: SalesforceRecord, created: Bool?) -> JSONValue {
        var result: [String: JSONValue] = ["id": .string(record.id), "success": true, "errors": []]
        if let created { result["created"] = .bool(created) }
        return .object(result)
    }

    private mutating func create(_ call: Call) throws(Refusal) -> HTTPResponse {
        do {
            let object = try object(call.part("object"))
            let posted = try body(call).object ?? [:]
            try checkLock("")
            var transaction = transaction(call)
            let record = try insert(posted, as: object, &transaction)
            statistics.writes += 1
            return .json(saved(record, created: nil), status: 201)
        } catch {
            throw error.refusal
        }
    }

    private func shownFields(_ call: Call, _ object: SalesforceObject) throws(SalesforceProblem) -> [String] {
        let names = call.queryList("fields")
        if let unknown = names.first(where: { object.field($0) == nil }) {
            throw SalesforceProblem("INVALID_FIELD", "No such column '\(unknown)' on entity '\(object.name)'.")
        }
        return names.isEmpty ? object.fields.map(\.name) : names + ["Id"]
    }

    private mutating func read(_ call: Call) throws(Refusal) -> HTTPResponse {
        do {
            let object = try object(call.part("object"))
            let record = try record(call.part("id"), in: object)
            return .json(json(record, of: object, fields: try shownFields(call, object), base: base(call)))
        } catch {
            throw error.refusal
        }
    }

    private mutating func change(_ call: Call) throws(Refusal) -> HTTPResponse {
        do {
            let object = try object(call.part("object"))
            let record = try record(call.part("id"), in: object)
            let posted = try body(call).object ?? [:]
            try checkLock(record.id)
            var transaction = transaction(call)
            try update(record, of: object, to: posted, &transaction)
            statistics.writes += 1
            return .noContent
        } catch {
            throw error.refusal
        }
    }

    private mutating func remove(_ call: Call) throws(Refusal) -> HTTPResponse {
        do {
            let object = try object(call.part("object"))
            let record = try record(call.part("id"), in: object)
            try checkLock(record.id)
            var transaction = transaction(call)
            delete(record, of: object, &transaction)
            statistics.writes += 1
            return .noContent
        } catch {
            throw error.refusal
        }
    }

    /// The external id field that a path or a collection names.
    func key(_ name: String, of object: SalesforceObject) throws(SalesforceProblem) -> SalesforceField {
        guard let field = object.field(name), field.isExternalID || field.kind == .id else {
            throw SalesforceProblem(
                "NOT_FOUND", "Provided external ID field does not exist or is not accessible: \(name)")
        }
        return field
    }

    /// The only record with this external id; `nil` when there is none.
    ///
    /// - Throws: the 300 answer, with the records' paths, when there are several.
    private func match(_ call: Call, _ object: SalesforceObject) throws(Refusal) -> SalesforceRecord? {
        do {
            let field = try key(call.part("field"), of: object)
            if field.kind == .id { return try record(call.part("value"), in: object) }
            let ids = tables[object.name]?.ids(field.name, call.part("value")) ?? []
            guard ids.count < 2 else {
                let paths = ids.map { JSONValue.string("\(base(call))/sobjects/\(object.name)/\($0)") }
                throw Refusal(.json(.array(paths), status: 300))
            }
            return ids.first.flatMap { tables[object.name]?.records[$0] }
        } catch let problem as SalesforceProblem {
            throw problem.refusal
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw SalesforceProblem.notFound.refusal
        }
    }

    private func keyedObject(_ call: Call) throws(Refusal) -> SalesforceObject {
        do {
            return try object(call.part("object"))
        } catch {
            throw error.refusal
        }
    }

    private mutating func readByKey(_ call: Call) throws(Refusal) -> HTTPResponse {
        let object = try keyedObject(call)
        guard let record = try match(call, object) else { throw SalesforceProblem.notFound.refusal }
        do {
            return .json(json(record, of: object, fields: try shownFields(call, object), base: base(call)))
        } catch {
            throw error.refusal
        }
    }

    private mutating func removeByKey(_ call: Call) throws(Refusal) -> HTTPResponse {
        let object = try keyedObject(call)
        guard let record = try match(call, object) else { throw SalesforceProblem.notFound.refusal }
        var transaction = transaction(call)
        delete(record, of: object, &transaction)
        statistics.writes += 1
        return .noContent
    }

    private mutating func upsertByKey(_ call: Call) throws(Refusal) -> HTTPResponse {
        let object = try keyedObject(call)
        let found = try match(call, object)
        do throws(SalesforceProblem) {
            let field = try key(call.part("field"), of: object)
            var posted = try body(call).object ?? [:]
            guard posted[field.name] == nil, posted["Id"] == nil else {
                throw SalesforceProblem(
                    "INVALID_FIELD", "The \(field.name) field should not be specified in the sobject data.")
            }
            try checkLock(found?.id ?? "")
            var transaction = transaction(call)
            if let found {
                try update(found, of: object, to: posted, &transaction)
                statistics.writes += 1
                // Answers say whether they created since API 46.
                return .json(saved(found, created: false))
            }
            guard !call.isTrue("updateOnly") else { throw SalesforceProblem.notFound }
            posted[field.name] = .string(call.part("value"))
            let record = try insert(posted, as: object, &transaction)
            statistics.writes += 1
            return .json(saved(record, created: true), status: 201)
        } catch {
            throw error.refusal
        }
    }
}
