import Foundation
import HTTPTypes
import JSON

/// `/crm/v3/objects/{type}`: one record at a time.
extension HubSpotPortal {
    static let objectRoutes: [Route<HubSpotPortal>] =
        batchRoutes + [
            Route("POST", "/crm/v3/objects/{type}/search") { try $0.search($1) },
            Route("POST", "/crm/v3/objects/{type}/gdpr-delete") { try $0.erase($1) },
            Route("POST", "/crm/v3/objects/{type}/merge") { try $0.merge($1) },
            Route("GET", "/crm/v3/objects/{type}") { try $0.list($1) },
            Route("POST", "/crm/v3/objects/{type}") { try $0.create($1) },
            Route("GET", "/crm/v3/objects/{type}/{id}") { try $0.read($1) },
            Route("PATCH", "/crm/v3/objects/{type}/{id}") { try $0.update($1) },
            Route("DELETE", "/crm/v3/objects/{type}/{id}") { try $0.archive($1) },
        ]

    /// The properties that a caller sees: those named, with the ones that are always there, or the type's defaults.
    func shownProperties(_ names: [String], of type: HubSpotObjectType) -> [String] {
        names.isEmpty ? type.defaultProperties : names + ["hs_object_id", "createdate", type.modifiedProperty]
    }

    /// The record that a path or an input names.
    func find(_ id: String, by property: String?, in type: HubSpotObjectType, archived: Bool = false) -> HubSpotRecord?
    {
        if let property, property != "hs_object_id" { return tables[type]?.record(property, id) }
        guard let record = Int64(id).flatMap({ tables[type]?.record($0) }) else { return nil }
        return (record.archivedAt != nil) == archived ? record : nil
    }

    private mutating func required(_ call: Call, _ type: HubSpotObjectType) throws(Refusal) -> HubSpotRecord {
        let property = call.query("idProperty")
        if let property, tables[type]?.properties[property]?.hasUniqueValue != true {
            throw invalid("Property \(property) is not a unique identifier property")
        }
        let archived = call.isTrue("archived")
        guard let record = find(call.part("id"), by: property, in: type, archived: archived) else { throw notFound() }
        return record
    }

    /// Turns the error of one record into the answer of the whole call.
    mutating func whole(_ error: HubSpotBatchError) -> Refusal {
        let status =
            switch error.category {
            case "CONFLICT": 409
            case "OBJECT_NOT_FOUND": 404
            default: 400
            }
        return refusal(status, error.category, error.message, errors: error.errors, context: error.context)
    }

    private mutating func create(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        do {
            let values = try checked(body["properties"]?.object ?? [:], of: type)
            let record = try insert(values, as: type, source: integration, now: call.now)
            statistics.writes += 1
            try associate(record, of: type, with: body["associations"]?.array ?? [], now: call.now)
            return .json(record.json(Array(record.properties.keys)), status: 201)
        } catch {
            throw whole(error)
        }
    }

    private mutating func read(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let record = try required(call, type)
        var shown = record.json(shownProperties(call.queryList("properties"), of: type)).object ?? [:]
        let wanted = call.queryList("associations").compactMap(HubSpotObjectType.named)
        if !wanted.isEmpty {
            var found: [String: JSONValue] = [:]
            for other in wanted {
                let name = "\(type.singular)_to_\(other.singular)"
                let links = associations.links(from: type, record.id, to: other).map { id in
                    JSONValue.object(["id": .string(String(id)), "type": .string(name)])
                }
                if !links.isEmpty { found[other.plural] = ["results": .array(links)] }
            }
            if !found.isEmpty { shown["associations"] = .object(found) }
        }
        return .json(.object(shown))
    }

    private mutating func update(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let record = try required(call, type)
        let posted = try body(call)["properties"]?.object ?? [:]
        do {
            let values = try checked(posted, of: type)
            let changed = try update(record, of: type, to: values, source: integration, now: call.now)
            statistics.writes += 1
            return .json(changed.json(shownProperties(Array(values.keys), of: type)))
        } catch {
            throw whole(error)
        }
    }

    private mutating func archive(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        // Archiving what is not there succeeds.
        if let record = find(call.part("id"), by: nil, in: type) {
            archive(record, of: type, source: integration, now: call.now)
            statistics.writes += 1
        }
        return .noContent
    }

    private mutating func list(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let limit = min(Int(call.query("limit") ?? "") ?? 10, 100)
        let after = Int64(call.query("after") ?? "") ?? 0
        let archived = call.isTrue("archived")
        let names = shownProperties(call.queryList("properties"), of: type)
        let table = tables[type]
        let matching = (table?.ids ?? []).lazy.filter { $0 > after }.compactMap { table?.records[$0] }
            .filter { ($0.archivedAt != nil) == archived }
        let page = Array(matching.prefix(limit + 1))
        var answer: [String: JSONValue] = ["results": .array(page.prefix(limit).map { $0.json(names) })]
        if page.count > limit, let last = page.dropLast().last {
            let link = "\(address)\(call.request.path)?limit=\(limit)&after=\(last.id)"
            answer["paging"] = ["next": ["after": .string(String(last.id)), "link": .string(link)]]
        }
        return .json(.object(answer))
    }

    private mutating func erase(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        guard let id = body["objectId"]?.scalarText else { throw invalid("\"objectId\" is needed") }
        if let record = find(id, by: body["idProperty"]?.string, in: type) {
            erase(record, source: integration, now: call.now)
            statistics.writes += 1
        }
        return .noContent
    }

    /// Deletes a contact for good, which HubSpot reports twice.
    mutating func erase(_ record: HubSpotRecord, source: HubSpotEvent.Source, now: Date) {
        publish(
            HubSpotEvent(
                type: .contact, action: "privacyDeletion", objectID: record.id, source: source, occurredAt: now))
        archive(record, of: .contact, source: source, now: now)
        associations.remove(.contact, record.id)
        tables[.contact]?.erase(record.id)
    }

    private mutating func merge(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        guard let primary = find(body["primaryObjectId"]?.scalarText ?? "", by: nil, in: type),
            let merged = find(body["objectIdToMerge"]?.scalarText ?? "", by: nil, in: type), primary.id != merged.id
        else { throw notFound() }
        var gone = merged
        gone.archivedAt = call.now
        tables[type]?.put(gone)
        tables[type]?.merge(merged.id, into: primary.id)
        var missing = merged.properties.filter { primary.properties[$0.key] == nil && $0.key != "email" }
        let absorbed = [primary, merged].compactMap { $0.properties["hs_merged_object_ids"] } + [String(merged.id)]
        missing["hs_merged_object_ids"] = absorbed.joined(separator: ";")
        statistics.writes += 1
        publish(
            HubSpotEvent(
                type: type, action: "merge", objectID: primary.id,
                details: [
                    "primaryObjectId": .integer(primary.id), "mergedObjectIds": [.integer(merged.id)],
                    "newObjectId": .integer(primary.id),
                    "numberOfPropertiesMoved": .integer(Int64(missing.count)),
                ], source: integration, occurredAt: call.now))
        do {
            let survivor = try update(primary, of: type, to: missing, source: integration, now: call.now)
            return .json(survivor.json(Array(survivor.properties.keys)))
        } catch {
            throw whole(error)
        }
    }
}
