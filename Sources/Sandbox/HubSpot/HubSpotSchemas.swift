import HTTPTypes
import JSON

/// `/crm-object-schemas/v3/schemas`: as much as a program needs that looks whether an object exists.
extension HubSpotPortal {
    static let schemaRoutes: [Route<HubSpotPortal>] = [
        Route("GET", "/crm-object-schemas/v3/schemas") { portal, _ in
            .json(["results": .array(portal.schemas)])
        },
        Route("POST", "/crm-object-schemas/v3/schemas") { try $0.createSchema($1) },
        Route("GET", "/crm-object-schemas/v3/schemas/{name}") { try $0.readSchema($1) },
    ]

    private mutating func createSchema(_ call: Call) throws(Refusal) -> HTTPResponse {
        let body = try body(call)
        guard let name = body["name"]?.string, let labels = body["labels"], let properties = body["properties"] else {
            throw invalid("Invalid input JSON: some required fields were not set: [name, labels, properties]")
        }
        guard !schemas.contains(where: { $0["name"]?.string == name }) else {
            throw refusal(409, "CONFLICT", "An object named '\(name)' already exists.")
        }
        let number = nextRecordID()
        let schema: JSONValue = [
            "id": .string(String(number)), "name": .string(name), "labels": labels, "properties": properties,
            "objectTypeId": .string("2-\(number)"), "requiredProperties": body["requiredProperties"] ?? [],
            "associations": [], "archived": false,
            "fullyQualifiedName": .string("p\(settings.portalID)_\(name)"),
            "createdAt": .string(Timestamp.iso8601(call.now)), "updatedAt": .string(Timestamp.iso8601(call.now)),
        ]
        schemas.append(schema)
        return .json(schema, status: 201)
    }

    private mutating func readSchema(_ call: Call) throws(Refusal) -> HTTPResponse {
        let name = call.part("name")
        let schema = schemas.first { schema in
            ["name", "objectTypeId", "fullyQualifiedName"].contains { schema[$0]?.string == name }
        }
        guard let schema else { throw notFound("Unable to infer object type from: \(name)") }
        return .json(schema)
    }
}
