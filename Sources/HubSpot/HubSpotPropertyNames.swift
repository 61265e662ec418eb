import CRM
import JSON

/// The names of the properties that a target writes.
struct HubSpotPropertyNames {
    /// The playbook's target.
    let prefix: String

    /// The property for a part of the content.
    func part(_ name: String) -> String { "\(prefix)_\(name)" }
    /// The generation's id.
    var id: String { "\(prefix)_id" }
    /// The content's fingerprint.
    var fingerprint: String { "\(prefix)_fingerprint" }
    /// When it was made.
    var generatedAt: String { "\(prefix)_generated_at" }
}

/// A property as it is created (properties guide, "Create a property").
struct HubSpotPropertyDefinition: Hashable {
    /// The group that all our properties are in.
    static let group: JSONValue = ["name": "leadwright", "label": "Leadwright"]

    let name: String
    let label: String
    let type: String
    let fieldType: String
    let description: String

    /// All properties that a target needs.
    static func all(for target: ContentTarget) -> [HubSpotPropertyDefinition] {
        let names = HubSpotPropertyNames(prefix: target.name)
        let title = target.name.split(separator: "_").joined(separator: " ").capitalizedFirst
        let parts = target.parts.map { part in
            HubSpotPropertyDefinition(
                name: names.part(part), label: "\(title): \(part)", type: "string",
                fieldType: part == "subject" ? "text" : "textarea",
                description: "Written by Leadwright for this contact.")
        }
        return parts + [
            HubSpotPropertyDefinition(
                name: names.generatedAt, label: "\(title): generated at", type: "datetime", fieldType: "date",
                description: "When the text was made."),
            HubSpotPropertyDefinition(
                name: names.id, label: "\(title): id", type: "string", fieldType: "text",
                description: "The text's id in Leadwright."),
            HubSpotPropertyDefinition(
                name: names.fingerprint, label: "\(title): fingerprint", type: "string", fieldType: "text",
                description: "Shows whether the text was changed after Leadwright wrote it."),
        ]
    }

    /// The body that creates it.
    var json: JSONValue {
        [
            "name": .string(name), "label": .string(label), "type": .string(type), "fieldType": .string(fieldType),
            "groupName": HubSpotPropertyDefinition.group["name"] ?? .null, "description": .string(description),
        ]
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
