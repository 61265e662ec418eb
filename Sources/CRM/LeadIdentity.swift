/// Who a lead is: a record of one type in one account of one system. Never the email address, which changes hands.
public struct LeadIdentity: Sendable, Hashable, Codable {
    /// The system that holds the record.
    public let system: CRMSystem
    /// HubSpot's portal id, Salesforce's 18-character organisation id, or the Zapier connection's name.
    public let account: String
    /// `contact`, `Lead`, `Contact`; `lead` for Zapier.
    public let objectType: String
    /// The record's id as text; Salesforce ids in their 18-character form.
    public let objectID: String

    /// Creates an identity.
    public init(system: CRMSystem, account: String, objectType: String, objectID: String) {
        self.system = system
        self.account = account
        self.objectType = objectType
        self.objectID = objectID
    }

    /// The identity as one text: `hubspot:8112233:contact:151`, `zapier:acme:mira@fjord.example`.
    public var key: String {
        system == .zapier ? "zapier:\(account):\(objectID)" : "\(system.rawValue):\(account):\(objectType):\(objectID)"
    }
}
