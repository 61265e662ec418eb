import Foundation
import JSON

/// One record of the portal. Every value is text, as in HubSpot's API; an empty one is not kept.
struct HubSpotRecord: Sendable {
    let id: Int64
    var properties: [String: String]
    let createdAt: Date
    var updatedAt: Date
    var archivedAt: Date?
    /// The properties whose present value came from an integration.
    var writtenByIntegration: Set<String> = []

    /// The record as the object API shows it.
    func json(_ names: [String]) -> JSONValue {
        var shown: [String: JSONValue] = [:]
        for name in names { shown[name] = properties[name].map { .string($0) } ?? .null }
        var object: [String: JSONValue] = [
            "id": .string(String(id)),
            "properties": .object(shown),
            "createdAt": .string(Timestamp.iso8601(createdAt)),
            "updatedAt": .string(Timestamp.iso8601(updatedAt)),
            "archived": .bool(archivedAt != nil),
        ]
        if let archivedAt { object["archivedAt"] = .string(Timestamp.iso8601(archivedAt)) }
        return .object(object)
    }
}
