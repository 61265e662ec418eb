import Foundation
import HTTPTypes
import JSON

/// `/crm/v3/objects/{type}/batch/…`: up to 100 records at a time.
extension HubSpotPortal {
    static let batchRoutes: [Route<HubSpotPortal>] = [
        Route("POST", "/crm/v3/objects/{type}/batch/read") { try $0.readBatch($1) },
        Route("POST", "/crm/v3/objects/{type}/batch/create") { try $0.createBatch($1) },
        Route("POST", "/crm/v3/objects/{type}/batch/update") { try $0.updateBatch($1) },
        Route("POST", "/crm/v3/objects/{type}/batch/upsert") { try $0.upsertBatch($1) },
        Route("POST", "/crm/v3/objects/{type}/batch/archive") { try $0.archiveBatch($1) },
    ]

    private mutating func readBatch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let inputs = try inputs(call)
        let body = try body(call)
        let property = body["idProperty"]?.string
        let names = shownProperties((body["properties"]?.array ?? []).compactMap(\.string), of: type)
        var results: [JSONValue] = []
        var missing: [JSONValue] = []
        var seen: Set<Int64> = []
        for input in inputs {
            let id = input["id"]?.scalarText ?? ""
            if let record = find(id, by: property, in: type) {
                if seen.insert(record.id).inserted { results.append(record.json(names)) }
            } else {
                missing.append(.string(id))
            }
        }
        return batchAnswer(results, errors: missing.isEmpty ? [] : [notFound(missing, type)], now: call.now)
    }

    private mutating func createBatch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        return try write(call, status: 201) { (portal, input) throws(HubSpotBatchError) in
            let values = try portal.checked(input["properties"]?.object ?? [:], of: type)
            let record = try portal.insert(values, as: type, source: portal.integration, now: call.now)
            return record.json(Array(record.properties.keys))
        }
    }

    private mutating func updateBatch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let ids = try inputs(call).compactMap { $0["id"]?.scalarText }
        let repeated = Dictionary(grouping: ids) { $0 }.filter { $1.count > 1 }.keys.sorted()
        guard repeated.isEmpty else {
            throw invalid(
                "Duplicate IDs found in batch input: [\(repeated.joined(separator: ", "))]. IDs must be unique")
        }
        return try write(call, status: 200) { (portal, input) throws(HubSpotBatchError) in
            let property = input["idProperty"]?.string
            try portal.checkIdentifier(property, of: type)
            let values = try portal.checked(input["properties"]?.object ?? [:], of: type)
            let id = input["id"]?.scalarText ?? ""
            guard let record = portal.find(id, by: property, in: type) else {
                throw portal.notFound([.string(id)], type)
            }
            return try portal.update(record, of: type, to: values, source: portal.integration, now: call.now)
                .json(portal.shownProperties(Array(values.keys), of: type))
        }
    }

    private mutating func upsertBatch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        return try write(call, status: 200) { (portal, input) throws(HubSpotBatchError) in
            let property = input["idProperty"]?.string
            try portal.checkIdentifier(property, of: type)
            let id = input["id"]?.scalarText ?? ""
            var posted = input["properties"]?.object ?? [:]
            let found = portal.find(id, by: property, in: type)
            if found == nil, let property { posted[property] = posted[property] ?? .string(id) }
            let values = try portal.checked(posted, of: type)
            let record: HubSpotRecord
            if let found {
                record = try portal.update(found, of: type, to: values, source: portal.integration, now: call.now)
            } else {
                guard property != nil else { throw portal.notFound([.string(id)], type) }
                record = try portal.insert(values, as: type, source: portal.integration, now: call.now)
            }
            var shown = record.json(Array(record.properties.keys)).object ?? [:]
            shown["new"] = .bool(found == nil)
            return .object(shown)
        }
    }

    private mutating func archiveBatch(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        for input in try inputs(call) {
            guard let record = find(input["id"]?.scalarText ?? "", by: nil, in: type) else { continue }
            archive(record, of: type, source: integration, now: call.now)
            statistics.writes += 1
        }
        return .noContent
    }

    /// Runs a batch of writes. A bad element fails the lot, and nothing is written, unless every element carries an
    /// `objectWriteTraceId`; an unknown record never does.
    private mutating func write(
        _ call: Call, status: Int,
        _ body: (inout HubSpotPortal, JSONValue) throws(HubSpotBatchError) -> JSONValue
    ) throws(Refusal) -> HTTPResponse {
        let inputs = try inputs(call)
        let isTraced = inputs.allSatisfy { $0["objectWriteTraceId"]?.string != nil }
        // Kept only if needed: the first write after a copy copies the tables.
        let before = isTraced ? nil : self
        var results: [JSONValue] = []
        var errors: [HubSpotBatchError] = []
        for input in inputs {
            do throws(HubSpotBatchError) {
                // Where one bad element fails the lot, the count would come back with the tables.
                if isTraced, faults.takeLockedRow() {
                    throw HubSpotBatchError(
                        category: "CONFLICT", message: "The record is being changed by another request")
                }
                var result = try body(&self, input)
                if let trace = input["objectWriteTraceId"], case .object(var members) = result {
                    members["objectWriteTraceId"] = trace
                    result = .object(members)
                }
                results.append(result)
                statistics.writes += 1
            } catch {
                if let before, error.category != "OBJECT_NOT_FOUND" {
                    self = before
                    throw whole(error)
                }
                var error = error
                if let trace = input["objectWriteTraceId"] { error.context["objectWriteTraceId"] = [trace] }
                errors.append(error)
            }
        }
        return batchAnswer(results, errors: errors, status: status, now: call.now)
    }

    /// A batch's answer: 207 as soon as one element failed.
    func batchAnswer(_ results: [JSONValue], errors: [HubSpotBatchError], status: Int = 200, now: Date) -> HTTPResponse
    {
        let stamp = JSONValue.string(Timestamp.iso8601(now))
        var answer: [String: JSONValue] = [
            "status": "COMPLETE", "results": .array(results), "startedAt": stamp, "completedAt": stamp,
        ]
        guard !errors.isEmpty else { return .json(.object(answer), status: status) }
        answer["numErrors"] = .integer(Int64(errors.count))
        answer["errors"] = .array(errors.map(\.json))
        return .json(.object(answer), status: 207)
    }

    private func checkIdentifier(_ property: String?, of type: HubSpotObjectType) throws(HubSpotBatchError) {
        guard let property else { return }
        guard property != "hs_object_id", tables[type]?.properties[property]?.hasUniqueValue == true else {
            throw HubSpotBatchError(
                message: "Unable to perform update/upsert by non-unique \(type.singular) property: \(property)")
        }
    }

    private func notFound(_ ids: [JSONValue], _ type: HubSpotObjectType) -> HubSpotBatchError {
        HubSpotBatchError(
            category: "OBJECT_NOT_FOUND",
            message:
                "Could not get some \(type.singular.uppercased()) objects, they may be deleted or not exist. Check that ids are valid.",
            context: ["ids": .array(ids)])
    }

}
