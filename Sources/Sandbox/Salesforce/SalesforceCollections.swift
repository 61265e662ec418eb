import HTTPTypes
import JSON

/// `/composite/sobjects`: up to 200 records at a time, each with a result of its own.
extension SalesforceOrg {
    static let collectionRoutes: [Route<SalesforceOrg>] = [
        Route("POST", "/composite/sobjects") { try $0.createMany($1) },
        Route("PATCH", "/composite/sobjects") { try $0.updateMany($1) },
        Route("DELETE", "/composite/sobjects") { try $0.deleteMany($1) },
        Route("GET", "/composite/sobjects/{object}") { try $0.readMany($1) },
        Route("POST", "/composite/sobjects/{object}") { try $0.readMany($1) },
        Route("PATCH", "/composite/sobjects/{object}/{field}") { try $0.upsertMany($1) },
    ]

    private typealias Write = (inout SalesforceOrg, JSONValue, inout SalesforceTransaction) throws(SalesforceProblem) ->
        JSONValue

    private mutating func createMany(_ call: Call) throws(Refusal) -> HTTPResponse {
        try writeRecords(call) { (org, posted, transaction) throws(SalesforceProblem) in
            let object = try org.object(posted["attributes"]?["type"]?.string ?? "")
            let record = try org.insert(posted.object ?? [:], as: object, &transaction)
            return ["id": .string(record.id), "success": true, "errors": []]
        }
    }

    private mutating func updateMany(_ call: Call) throws(Refusal) -> HTTPResponse {
        try writeRecords(call) { (org, posted, transaction) throws(SalesforceProblem) in
            let object = try org.object(posted["attributes"]?["type"]?.string ?? "")
            var fields = posted.object ?? [:]
            let id = (fields.removeValue(forKey: "Id") ?? fields.removeValue(forKey: "id"))?.string ?? ""
            guard !id.isEmpty else {
                throw SalesforceProblem("MISSING_ARGUMENT", "Id not specified in an update call", fields: ["Id"])
            }
            let record = try org.record(id, in: object)
            try org.update(record, of: object, to: fields, &transaction)
            return ["id": .string(record.id), "success": true, "errors": []]
        }
    }

    private mutating func upsertMany(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (objectName, fieldName) = (call.part("object"), call.part("field"))
        return try writeRecords(call) { (org, posted, transaction) throws(SalesforceProblem) in
            let object = try org.object(objectName)
            let field = try org.key(fieldName, of: object)
            var fields = posted.object ?? [:]
            guard let value = fields[field.name]?.scalarText else {
                throw SalesforceProblem("MISSING_ARGUMENT", "\(field.name) not specified", fields: [field.name])
            }
            let ids = field.kind == .id ? [value] : org.tables[object.name]?.ids(field.name, value) ?? []
            guard ids.count < 2 else {
                throw SalesforceProblem(
                    "DUPLICATE_EXTERNAL_ID",
                    "\(field.name): more than one record found for external id field: [\(ids.joined(separator: ", "))]")
            }
            if let id = ids.first {
                fields[field.name] = nil
                let record = try org.record(id, in: object)
                try org.update(record, of: object, to: fields, &transaction)
                return ["id": .string(record.id), "success": true, "errors": [], "created": false]
            }
            let record = try org.insert(fields, as: object, &transaction)
            return ["id": .string(record.id), "success": true, "errors": [], "created": true]
        }
    }

    private mutating func deleteMany(_ call: Call) throws(Refusal) -> HTTPResponse {
        let ids = call.queryList("ids").map(JSONValue.string)
        return try write(ids, allOrNone: call.isTrue("allOrNone"), call) {
            (org, id, transaction) throws(SalesforceProblem) in
            let text = id.string ?? ""
            guard let object = org.objects.values.first(where: { $0.prefix == text.prefix(3) }) else {
                throw SalesforceProblem("MALFORMED_ID", "bad id \(text)")
            }
            let record = try org.record(text, in: object)
            org.delete(record, of: object, &transaction)
            return ["id": .string(record.id), "success": true, "errors": []]
        }
    }

    private mutating func writeRecords(_ call: Call, _ body: Write) throws(Refusal) -> HTTPResponse {
        let posted: JSONValue
        do {
            posted = try self.body(call)
        } catch {
            throw error.refusal
        }
        let records = posted["records"]?.array ?? []
        let types = records.map { $0["attributes"]?["type"]?.string ?? "" }
        let runs = zip(types, types.dropFirst()).count { $0 != $1 } + 1
        guard runs <= 10 else {
            throw SalesforceProblem(
                "BAD_REQUEST",
                "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
            ).refusal
        }
        return try write(records, allOrNone: posted["allOrNone"]?.bool ?? false, call, body)
    }

    private mutating func write(_ elements: [JSONValue], allOrNone: Bool, _ call: Call, _ body: Write) throws(Refusal)
        -> HTTPResponse
    {
        guard elements.count <= 200 else {
            throw SalesforceProblem(
                "EXCEEDED_ID_LIMIT",
                "record limit reached. cannot submit more than 200 records into this call"
            ).refusal
        }
        // Kept only if needed: the first write after a copy copies the tables.
        let before = allOrNone ? self : nil
        var transaction = transaction(call)
        var failures: [Int: SalesforceProblem] = [:]
        var results: [JSONValue] = []
        for (place, element) in elements.enumerated() {
            do {
                try checkLock(element["Id"]?.string ?? "")
                results.append(try body(&self, element, &transaction))
            } catch {
                failures[place] = error
                results.append(error.result)
            }
        }
        if let before, !failures.isEmpty {
            let faults = faults
            self = before
            // A lock that was met is used up, although everything else is undone.
            self.faults = faults
            let rolledBack = SalesforceProblem(
                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "Record rolled back because not all records were valid and the request was using AllOrNone header")
            results = elements.indices.map { (failures[$0] ?? rolledBack).result }
        } else {
            statistics.writes += elements.count - failures.count
        }
        return .json(.array(results))
    }

    private mutating func readMany(_ call: Call) throws(Refusal) -> HTTPResponse {
        do throws(SalesforceProblem) {
            let object = try object(call.part("object"))
            var (ids, fields) = (call.queryList("ids"), call.queryList("fields"))
            if call.request.method == "POST" {
                let body = try body(call)
                ids = (body["ids"]?.array ?? []).compactMap(\.string)
                fields = (body["fields"]?.array ?? []).compactMap(\.string)
            }
            if let unknown = fields.first(where: { object.field($0) == nil }) {
                throw SalesforceProblem("INVALID_FIELD", "No such column '\(unknown)' on entity '\(object.name)'.")
            }
            let records = ids.map { id -> JSONValue in
                let record = SalesforceIdentifier.canonical(id).flatMap { tables[object.name]?.records[$0] }
                guard let record, !record.isDeleted else { return .null }
                return json(record, of: object, fields: fields, base: base(call))
            }
            return .json(.array(records))
        } catch {
            throw error.refusal
        }
    }
}
