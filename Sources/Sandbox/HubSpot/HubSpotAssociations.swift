import Foundation
import HTTPTypes
import JSON

/// Which records belong together. Every link is kept in both directions.
struct HubSpotAssociations: Sendable {
    private struct End: Hashable {
        let type: HubSpotObjectType
        let id: Int64
    }

    private var links: [End: [End]] = [:]

    /// The records of a type that one record is linked to, in the order of linking.
    func links(from type: HubSpotObjectType, _ id: Int64, to other: HubSpotObjectType) -> [Int64] {
        (links[End(type: type, id: id)] ?? []).filter { $0.type == other }.map(\.id)
    }

    /// Links two records.
    ///
    /// - Returns: whether they were not linked before.
    mutating func link(_ type: HubSpotObjectType, _ id: Int64, _ other: HubSpotObjectType, _ otherID: Int64) -> Bool {
        let (from, to) = (End(type: type, id: id), End(type: other, id: otherID))
        guard links[from]?.contains(to) != true else { return false }
        links[from, default: []].append(to)
        links[to, default: []].append(from)
        return true
    }

    /// Unlinks two records.
    mutating func unlink(_ type: HubSpotObjectType, _ id: Int64, _ other: HubSpotObjectType, _ otherID: Int64) {
        let (from, to) = (End(type: type, id: id), End(type: other, id: otherID))
        links[from]?.removeAll { $0 == to }
        links[to]?.removeAll { $0 == from }
    }

    /// Unlinks a record from everything.
    mutating func remove(_ type: HubSpotObjectType, _ id: Int64) {
        let gone = End(type: type, id: id)
        for other in links.removeValue(forKey: gone) ?? [] { links[other]?.removeAll { $0 == gone } }
    }
}

/// `/crm/v4/…associations…` and the older batches.
extension HubSpotPortal {
    static let associationRoutes: [Route<HubSpotPortal>] = [
        Route("POST", "/crm/v4/associations/{type}/{other}/batch/read") { try $0.readLinks($1, version: 4) },
        Route("POST", "/crm/v3/associations/{type}/{other}/batch/read") { try $0.readLinks($1, version: 3) },
        Route("POST", "/crm/v4/associations/{type}/{other}/batch/create") { try $0.createLinks($1) },
        Route("POST", "/crm/v3/associations/{type}/{other}/batch/create") { try $0.createLinks($1) },
        Route("POST", "/crm/v4/associations/{type}/{other}/batch/associate/default") { try $0.createLinks($1) },
        Route("GET", "/crm/v4/objects/{type}/{id}/associations/{other}") { try $0.listLinks($1) },
        Route("PUT", "/crm/v4/objects/{type}/{id}/associations/default/{other}/{otherID}") { try $0.linkByDefault($1) },
        Route("PUT", "/crm/v4/objects/{type}/{id}/associations/{other}/{otherID}") { try $0.link($1) },
        Route("DELETE", "/crm/v4/objects/{type}/{id}/associations/{other}/{otherID}") { try $0.unlink($1) },
    ]

    /// Links two records and publishes it from both ends.
    mutating func link(
        _ type: HubSpotObjectType, _ id: Int64, _ other: HubSpotObjectType, _ otherID: Int64,
        source: HubSpotEvent.Source, now: Date, removed: Bool = false
    ) {
        if removed {
            associations.unlink(type, id, other, otherID)
        } else {
            guard associations.link(type, id, other, otherID) else { return }
        }
        for (from, fromID, to, toID) in [(type, id, other, otherID), (other, otherID, type, id)] {
            publish(
                HubSpotEvent(
                    type: from, action: "associationChange",
                    details: [
                        "associationType": .string(from.associationName(to: to)), "fromObjectId": .integer(fromID),
                        "toObjectId": .integer(toID), "associationRemoved": .bool(removed),
                        "isPrimaryAssociation": false,
                    ], source: source, occurredAt: now))
        }
    }

    /// The links that a posted record brings along.
    mutating func associate(_ record: HubSpotRecord, of type: HubSpotObjectType, with posted: [JSONValue], now: Date)
        throws(HubSpotBatchError)
    {
        for link in posted {
            guard let id = (link["to"]?["id"]?.scalarText).flatMap(Int64.init) else { continue }
            guard let other = HubSpotObjectType.all.first(where: { tables[$0]?.record(id) != nil }) else {
                throw HubSpotBatchError(category: "OBJECT_NOT_FOUND", message: "No object with id \(id)")
            }
            self.link(type, record.id, other, id, source: integration, now: now)
        }
    }

    private func associationTypes(_ type: HubSpotObjectType, _ other: HubSpotObjectType) -> JSONValue {
        [["category": "HUBSPOT_DEFINED", "typeId": .integer(type.associationTypeID(to: other)), "label": nil]]
    }

    private mutating func readLinks(_ call: Call, version: Int) throws(Refusal) -> HTTPResponse {
        let (type, other) = (try objectType(call), try objectType(call, "other"))
        var results: [JSONValue] = []
        var errors: [HubSpotBatchError] = []
        for input in try inputs(call) {
            let id = input["id"]?.scalarText ?? ""
            let found = Int64(id).map { associations.links(from: type, $0, to: other) } ?? []
            guard !found.isEmpty else {
                errors.append(
                    HubSpotBatchError(
                        category: "OBJECT_NOT_FOUND",
                        message: "No \(other.singular) is associated with \(type.singular) \(id).",
                        context: ["fromObjectId": [.string(id)]]))
                continue
            }
            let to = found.map { target -> JSONValue in
                version == 4
                    ? ["toObjectId": .integer(target), "associationTypes": associationTypes(type, other)]
                    : ["id": .string(String(target)), "type": .string("\(type.singular)_to_\(other.singular)")]
            }
            results.append(["from": ["id": .string(id)], "to": .array(to)])
        }
        return batchAnswer(results, errors: errors, now: call.now)
    }

    private mutating func createLinks(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, other) = (try objectType(call), try objectType(call, "other"))
        var results: [JSONValue] = []
        var errors: [HubSpotBatchError] = []
        for input in try inputs(call) {
            let (from, to) = (input["from"]?["id"]?.scalarText ?? "", input["to"]?["id"]?.scalarText ?? "")
            guard let left = find(from, by: nil, in: type), let right = find(to, by: nil, in: other) else {
                errors.append(
                    HubSpotBatchError(
                        category: "OBJECT_NOT_FOUND", message: "One of the objects does not exist.",
                        context: ["ids": [.string(from), .string(to)]]))
                continue
            }
            link(type, left.id, other, right.id, source: integration, now: call.now)
            statistics.writes += 1
            results.append(linkJSON(type, left.id, other, right.id))
        }
        return batchAnswer(results, errors: errors, status: 201, now: call.now)
    }

    private func linkJSON(_ type: HubSpotObjectType, _ id: Int64, _ other: HubSpotObjectType, _ otherID: Int64)
        -> JSONValue
    {
        [
            "fromObjectTypeId": .string(type.typeID), "fromObjectId": .integer(id),
            "toObjectTypeId": .string(other.typeID), "toObjectId": .integer(otherID), "labels": [],
        ]
    }

    private mutating func ends(_ call: Call) throws(Refusal)
        -> (HubSpotObjectType, Int64, HubSpotObjectType, Int64)
    {
        let (type, other) = (try objectType(call), try objectType(call, "other"))
        guard let left = find(call.part("id"), by: nil, in: type),
            let right = find(call.part("otherID"), by: nil, in: other)
        else { throw notFound() }
        return (type, left.id, other, right.id)
    }

    private mutating func link(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, id, other, otherID) = try ends(call)
        link(type, id, other, otherID, source: integration, now: call.now)
        statistics.writes += 1
        return .json(linkJSON(type, id, other, otherID), status: 201)
    }

    private mutating func linkByDefault(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, id, other, otherID) = try ends(call)
        link(type, id, other, otherID, source: integration, now: call.now)
        statistics.writes += 1
        let result: JSONValue = [
            "from": ["id": .string(String(id))], "to": ["id": .string(String(otherID))],
            "associationSpec": [
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": .integer(type.associationTypeID(to: other)),
            ],
        ]
        return batchAnswer([result], errors: [], now: call.now)
    }

    private mutating func unlink(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, id, other, otherID) = try ends(call)
        link(type, id, other, otherID, source: integration, now: call.now, removed: true)
        statistics.writes += 1
        return .noContent
    }

    private mutating func listLinks(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, other) = (try objectType(call), try objectType(call, "other"))
        guard let record = find(call.part("id"), by: nil, in: type) else { throw notFound() }
        let links = associations.links(from: type, record.id, to: other).map { id in
            JSONValue.object(["toObjectId": .integer(id), "associationTypes": associationTypes(type, other)])
        }
        return .json(["results": .array(links)])
    }
}
