import HTTPTypes
import JSON

/// The results of queries that have not been read to the end.
struct SalesforceCursors: Sendable {
    private var results: [(id: String, rows: [JSONValue])] = []

    /// Keeps a result; the oldest of more than ten is forgotten, as Salesforce does per user.
    mutating func keep(_ rows: [JSONValue], as id: String) {
        results.append((id: id, rows: rows))
        if results.count > 10 { results.removeFirst() }
    }

    func rows(_ id: String) -> [JSONValue]? { results.first { $0.id == id }?.rows }
}

/// `/query`.
extension SalesforceOrg {
    static let queryRoutes: [Route<SalesforceOrg>] = [
        Route("GET", "/query") { try $0.query($1, includingDeleted: false) },
        Route("GET", "/queryAll") { try $0.query($1, includingDeleted: true) },
        Route("GET", "/query/{cursor}") { try $0.queryMore($1) },
        Route("GET", "/queryAll/{cursor}") { try $0.queryMore($1) },
    ]

    private mutating func query(_ call: Call, includingDeleted: Bool) throws(Refusal) -> HTTPResponse {
        do {
            let query = try SOQLParser.parse(call.query("q") ?? "")
            let (object, records) = try run(query, includingDeleted: includingDeleted)
            guard !query.fields.isEmpty else {
                return .json(["totalSize": .integer(Int64(records.count)), "done": true, "records": []])
            }
            let rows = records.map { row(query.fields.map { $0[...] }, of: $0, in: object, base: base(call)) }
            let id = nextID(prefix: "01g")
            if rows.count > pageSize(call) { cursors.keep(rows, as: id) }
            return page(of: rows, from: 0, cursor: id, call)
        } catch {
            throw error.refusal
        }
    }

    private mutating func queryMore(_ call: Call) throws(Refusal) -> HTTPResponse {
        let parts = call.part("cursor").split(separator: "-")
        guard parts.count == 2, let start = Int(parts[1]), let rows = cursors.rows(String(parts[0])) else {
            throw SalesforceProblem("INVALID_QUERY_LOCATOR", "invalid query locator").refusal
        }
        return page(of: rows, from: start, cursor: String(parts[0]), call)
    }

    /// The caller's `Sforce-Query-Options: batchSize=…` can only make pages smaller.
    private func pageSize(_ call: Call) -> Int {
        let options = call.request.headers["Sforce-Query-Options"] ?? ""
        let wanted = options.split(separator: "batchSize=").last.flatMap { Int($0) }
        return max(1, min(wanted ?? settings.queryPage, settings.queryPage))
    }

    private func page(of rows: [JSONValue], from start: Int, cursor: String, _ call: Call) -> HTTPResponse {
        let end = min(start + pageSize(call), rows.count)
        let page = start < end ? Array(rows[start..<end]) : []
        var answer: [String: JSONValue] = [
            "totalSize": .integer(Int64(rows.count)), "done": .bool(end >= rows.count), "records": .array(page),
        ]
        if end < rows.count { answer["nextRecordsUrl"] = .string("\(base(call))/query/\(cursor)-\(end)") }
        return .json(.object(answer))
    }

    /// One row of a result: the record's own fields, and an object for each parent that the query goes through.
    private func row(
        _ paths: [ArraySlice<String>], of record: SalesforceRecord, in object: SalesforceObject, base: String
    ) -> JSONValue {
        let own = paths.filter { $0.count == 1 }.compactMap(\.first)
        var row = json(record, of: object, fields: own, base: base).object ?? [:]
        for (name, inner) in Dictionary(grouping: paths.filter { $0.count > 1 }, by: { $0.first ?? "" }) {
            let relationship = object.reference(name)?.relationshipName ?? name
            row[relationship] =
                parent(name, of: record, in: object).map { parent, parentObject in
                    self.row(inner.map { $0.dropFirst() }, of: parent, in: parentObject, base: base)
                } ?? .null
        }
        return .object(row)
    }
}
