import HTTPTypes
import JSON

/// `/crm/v3/properties/{type}`: definitions and their groups.
extension HubSpotPortal {
    static let propertyRoutes: [Route<HubSpotPortal>] = [
        Route("GET", "/crm/v3/properties/{type}/groups") { try $0.listGroups($1) },
        Route("POST", "/crm/v3/properties/{type}/groups") { try $0.createGroup($1) },
        Route("GET", "/crm/v3/properties/{type}/groups/{name}") { try $0.readGroup($1) },
        Route("POST", "/crm/v3/properties/{type}/batch/create") { try $0.createProperties($1) },
        Route("POST", "/crm/v3/properties/{type}/batch/read") { try $0.readProperties($1) },
        Route("GET", "/crm/v3/properties/{type}") { try $0.listProperties($1) },
        Route("POST", "/crm/v3/properties/{type}") { try $0.createProperty($1) },
        Route("GET", "/crm/v3/properties/{type}/{name}") { try $0.readProperty($1) },
        Route("PATCH", "/crm/v3/properties/{type}/{name}") { try $0.changeProperty($1) },
        Route("DELETE", "/crm/v3/properties/{type}/{name}") { try $0.archiveProperty($1) },
    ]

    private mutating func listProperties(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let definitions = (tables[type]?.properties.values).map(Array.init) ?? []
        return .json(["results": .array(definitions.sorted { $0.name < $1.name }.map(\.json))])
    }

    private mutating func readProperty(_ call: Call) throws(Refusal) -> HTTPResponse {
        .json(try property(call).1.json)
    }

    private mutating func property(_ call: Call) throws(Refusal) -> (HubSpotObjectType, HubSpotProperty) {
        let type = try objectType(call)
        guard let definition = tables[type]?.properties[call.part("name")] else {
            throw notFound("Property \(call.part("name")) does not exist")
        }
        return (type, definition)
    }

    private mutating func createProperty(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        do {
            return .json(try define(body, for: type, call).json, status: 201)
        } catch {
            throw whole(error)
        }
    }

    private mutating func createProperties(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        var results: [JSONValue] = []
        var errors: [HubSpotBatchError] = []
        for input in try inputs(call) {
            do {
                results.append(try define(input, for: type, call).json)
            } catch {
                errors.append(error)
            }
        }
        return batchAnswer(results, errors: errors, status: 201, now: call.now)
    }

    private mutating func readProperties(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let names = try inputs(call).compactMap { $0["name"]?.string }
        let missing = names.filter { tables[type]?.properties[$0] == nil }.map(JSONValue.string)
        let found = names.compactMap { tables[type]?.properties[$0]?.json }
        let error = HubSpotBatchError(
            category: "OBJECT_NOT_FOUND", message: "Some properties do not exist", context: ["ids": .array(missing)])
        return batchAnswer(found, errors: missing.isEmpty ? [] : [error], now: call.now)
    }

    private mutating func define(_ body: JSONValue, for type: HubSpotObjectType, _ call: Call)
        throws(HubSpotBatchError) -> HubSpotProperty
    {
        let definition: HubSpotProperty
        do {
            definition = try HubSpotProperty(parsing: body, now: call.now)
        } catch {
            throw HubSpotBatchError(message: "Invalid input JSON: some required fields were not set: [\(error.name)]")
        }
        let lowered = definition.name.lowercased()
        guard definition.name == lowered, lowered.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
            throw HubSpotBatchError(message: "Property name \(definition.name) is not valid: use lower-case snake case")
        }
        guard tables[type]?.properties[definition.name] == nil else {
            throw HubSpotBatchError(
                category: "CONFLICT", message: "A property named '\(definition.name)' already exists.",
                context: ["name": [.string(definition.name)]])
        }
        guard tables[type]?.groups[definition.groupName] != nil else {
            throw HubSpotBatchError(message: "A property group named '\(definition.groupName)' does not exist.")
        }
        tables[type]?.properties[definition.name] = definition
        return definition
    }

    private mutating func changeProperty(_ call: Call) throws(Refusal) -> HTTPResponse {
        var (type, definition) = try property(call)
        let body = try body(call)
        if let label = body["label"]?.string { definition.label = label }
        if let description = body["description"]?.string { definition.description = description }
        if let group = body["groupName"]?.string { definition.groupName = group }
        if let options = body["options"]?.array {
            definition.options = options.compactMap { option in
                option["value"]?.string.map { (label: option["label"]?.string ?? $0, value: $0) }
            }
        }
        tables[type]?.properties[definition.name] = definition
        return .json(definition.json)
    }

    private mutating func archiveProperty(_ call: Call) throws(Refusal) -> HTTPResponse {
        let (type, definition) = try property(call)
        guard !definition.isHubSpotDefined else { throw invalid("HubSpot's own properties cannot be archived.") }
        tables[type]?.properties[definition.name] = nil
        return .noContent
    }

    private mutating func listGroups(_ call: Call) throws(Refusal) -> HTTPResponse {
        let groups = tables[try objectType(call)]?.groups ?? [:]
        return .json(["results": .array(groups.sorted { $0.key < $1.key }.map(Self.group))])
    }

    private mutating func readGroup(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        guard let label = tables[type]?.groups[call.part("name")] else {
            throw notFound("Property group \(call.part("name")) does not exist")
        }
        return .json(Self.group((call.part("name"), label)))
    }

    private mutating func createGroup(_ call: Call) throws(Refusal) -> HTTPResponse {
        let type = try objectType(call)
        let body = try body(call)
        guard let name = body["name"]?.string, let label = body["label"]?.string else {
            throw invalid("Invalid input JSON: some required fields were not set: [name, label]")
        }
        guard tables[type]?.groups[name] == nil else {
            throw refusal(409, "CONFLICT", "A property group named '\(name)' already exists.")
        }
        tables[type]?.groups[name] = label
        return .json(Self.group((name, label)), status: 201)
    }

    private static func group(_ group: (key: String, value: String)) -> JSONValue {
        ["name": .string(group.key), "label": .string(group.value), "displayOrder": -1, "archived": false]
    }
}
