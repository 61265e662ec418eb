import CRM
import Foundation
import JSON

/// One intent as the properties of its contact.
struct HubSpotUpdate {
    /// Characters that a text property holds (knowledge base, "Property field types").
    static let maximumLength = 65_536

    /// The contact's record id.
    let recordID: String
    /// The property values to write. The fingerprint stands in the same update as the text, so that both are there or
    /// neither is.
    let properties: [String: String]

    private let intent: WriteIntent
    private let names: HubSpotPropertyNames

    /// The properties for an intent.
    init(_ intent: WriteIntent) {
        self.intent = intent
        recordID = intent.lead.objectID
        let names = HubSpotPropertyNames(prefix: intent.target)
        self.names = names
        var properties = [
            names.id: intent.id, names.fingerprint: intent.fingerprint,
            names.generatedAt: intent.generatedAt.ISO8601Format(.init(includingFractionalSeconds: true)),
        ]
        for (part, text) in intent.content { properties[names.part(part)] = text }
        self.properties = properties
    }

    /// Where it stands once it is written: `contact 151: leadwright_nurture_email_body, …_subject`.
    var location: String {
        "contact \(recordID): \(intent.content.keys.sorted().map(names.part).joined(separator: ", "))"
    }

    /// The property that is too long for HubSpot, if any.
    var tooLongProperty: String? {
        properties.filter { $0.value.utf16.count > Self.maximumLength }.keys.min()
    }

    /// One element of a batch. The trace id makes HubSpot report each record's failure by itself.
    func input(traceID: String) -> JSONValue {
        [
            "id": .string(recordID), "objectWriteTraceId": .string(traceID),
            "properties": .object(properties.mapValues(JSONValue.string)),
        ]
    }

    /// Whether these values of the contact's properties are this intent's.
    func found(in values: [String: String]) -> ReadBack {
        guard values[names.id] == intent.id else {
            // Something newer of another intent means that ours was there or is out of date; anything older does not.
            let other = values[names.generatedAt].flatMap(Date.init(wire:))
            return other.map { $0 > intent.generatedAt } == true ? .different(location: location) : .absent
        }
        let isUnchanged =
            values[names.fingerprint] == intent.fingerprint
            && intent.content.allSatisfy { (values[names.part($0.key)] ?? "").isStoredForm(of: $0.value) }
        return isUnchanged ? .present(location: location) : .different(location: location)
    }
}
