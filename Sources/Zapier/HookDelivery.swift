import CRM
import Foundation
import JSON

/// What a Zap receives for one intent. `performList` answers the same shape.
struct HookDelivery {
    let intent: WriteIntent

    /// The body; its `id` is the generation's, the same at every attempt.
    var body: JSONValue {
        var lead: [String: JSONValue] = [
            "id": .string(intent.lead.key), "stage": .string(intent.stage.rawValue),
        ]
        let address = intent.email ?? (intent.lead.objectID.contains("@") ? intent.lead.objectID : nil)
        lead["email"] = address.map(JSONValue.string)
        return [
            "id": .string(intent.id), "event": .string(intent.target), "kind": .string(intent.kind),
            "occurred_at": .string(intent.generatedAt.ISO8601Format()), "lead": .object(lead),
            "content": .object(intent.content.mapValues(JSONValue.string)),
        ]
    }

    /// Whether a Zap asked to hear of this.
    func passes(_ filters: [String: String]) -> Bool {
        let values = ["stage": intent.stage.rawValue, "kind": intent.kind]
        return filters.allSatisfy { values[$0.key] == nil || values[$0.key] == $0.value }
    }
}
