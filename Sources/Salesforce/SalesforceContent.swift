import CRM
import Foundation
import JSON

/// One intent as a record of the content object, known by its key: the generation's id.
struct SalesforceContent {
    /// The external id field, unique, so that writing twice writes one record.
    static let keyField = "Leadwright_Key__c"
    /// The fields besides the key, with the parts of a content that have a field of their own for reports and mail
    /// templates; `Content__c` holds all parts as JSON.
    static let fields = [
        "Lead__c", "Contact__c", "Kind__c", "Stage__c", "Subject__c", "Body__c", "Content__c", "Generated_At__c",
    ]
    private static let partFields = ["subject": "Subject__c", "body": "Body__c"]

    let intent: WriteIntent

    /// The record to upsert.
    var record: JSONValue {
        var fields = texts
        fields["attributes"] = ["type": .string(intent.target)]
        fields[Self.keyField] = .string(intent.id)
        fields[intent.lead.objectType == "Contact" ? "Contact__c" : "Lead__c"] = .string(intent.lead.objectID)
        fields["Kind__c"] = .string(intent.kind)
        fields["Stage__c"] = .string(intent.stage.rawValue)
        fields["Generated_At__c"] = .string(intent.generatedAt.ISO8601Format(.init(includingFractionalSeconds: true)))
        return .object(fields)
    }

    /// Where it stands: `Leadwright_Content__c a0X…`.
    func location(_ id: String) -> String { "\(intent.target) \(id)" }

    /// Whether a record with this key holds this content, unchanged.
    func found(in row: JSONValue) -> ReadBack {
        let location = location(row["Id"]?.string ?? "")
        let isUnchanged = texts.allSatisfy { (row[$0.key]?.string ?? "").isStoredForm(of: $0.value.string ?? "") }
        return isUnchanged ? .present(location: location) : .different(location: location)
    }

    private var texts: [String: JSONValue] {
        let parts = JSONValue.object(intent.content.mapValues(JSONValue.string))
        var texts: [String: JSONValue] = ["Content__c": .string(parts.canonicalText)]
        for (part, field) in Self.partFields { texts[field] = intent.content[part].map(JSONValue.string) }
        return texts
    }
}
