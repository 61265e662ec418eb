public import Foundation

/// One intended change in a CRM: the content made for a lead, and where it shall stand.
public struct WriteIntent: Sendable, Hashable {
    /// The idempotency key, the same for every attempt: the generation's id.
    public var id: String
    /// Whose record is written.
    public var lead: LeadIdentity
    /// The playbook's target: HubSpot's property prefix, Salesforce's object, Zapier's event name.
    public var target: String
    /// The content's parts by name: `subject`, `body`.
    public var content: [String: String]
    /// The kind of content: `nurture_email`.
    public var kind: String
    /// The stage it was made for.
    public var stage: FunnelStage
    /// When it was made.
    public var generatedAt: Date
    /// The lead's address, for a system that has no record to look it up in (Zapier).
    public var email: String?

    /// Creates an intent.
    public init(
        id: String, lead: LeadIdentity, target: String, content: [String: String], kind: String, stage: FunnelStage,
        generatedAt: Date, email: String? = nil
    ) {
        self.id = id
        self.lead = lead
        self.target = target
        self.content = content
        self.kind = kind
        self.stage = stage
        self.generatedAt = generatedAt
        self.email = email
    }
}

/// What became of one intent in a call that the system answered.
public enum WriteOutcome: Sendable {
    /// It stands in the CRM; `location` says where (`contact 151: leadwright_nurture_email_body`), `receipt` holds
    /// the system's own id for the call where it gives one.
    case written(location: String, receipt: String?)
    /// It was refused or is unknown; the error's remedy says what to do.
    case failed(CRMError)
}

/// What looking at the CRM says about an intent.
public enum ReadBack: Sendable, Hashable {
    /// The content stands there, unchanged.
    case present(location: String)
    /// Nothing of this intent stands there.
    case absent
    /// The record exists, but holds other content: somebody wrote after us, or the system changed it.
    case different(location: String)
    /// The system keeps nothing that could be read (a Zapier hook); the receipt of the call is all there is.
    case unsupported
}
