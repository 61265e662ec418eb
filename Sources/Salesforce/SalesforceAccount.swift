import CRM

/// How Salesforce's records become leads and outcomes.
enum SalesforceAccount {
    /// A lead's or contact's identity; the organisation in its 18-character form.
    static func lead(_ objectType: String, _ id: SalesforceID, organization: String) -> LeadIdentity {
        LeadIdentity(
            system: .salesforce, account: SalesforceID(organization)?.text ?? organization, objectType: objectType,
            objectID: id.text)
    }

    /// The lead or contact that an id names by its prefix; `nil` for any other record.
    static func lead(id text: String?, organization: String) -> LeadIdentity? {
        guard let id = text.flatMap(SalesforceID.init), let type = id.objectType, ["Lead", "Contact"].contains(type)
        else { return nil }
        return lead(type, id, organization: organization)
    }

    /// Won, lost, or on its way: by `IsWon` and `IsClosed`, never by the stage's label.
    static func kind(ofOpportunity fields: [String: String]) -> EventKind {
        if fields["IsWon"].flatMap(Bool.init(wire:)) == true { return .dealWon }
        return fields["IsClosed"].flatMap(Bool.init(wire:)) == true ? .dealLost : .stageChanged
    }
}
