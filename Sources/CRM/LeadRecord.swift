/// A lead as its CRM holds it at the time of reading.
public struct LeadRecord: Sendable, Hashable, Codable {
    /// Whose record it is.
    public var identity: LeadIdentity
    /// Fields by Leadwright's names (`first_name`, `last_name`, `email`, `company`, `job_title`, `industry`,
    /// `country`, `language`, and whatever the connection's field map adds). Empty values are left out.
    public var fields: [String: String]
    /// The funnel stage, or `nil` when the connection's stage map does not know the native one.
    public var stage: FunnelStage?
    /// The stage by the system's own name.
    public var nativeStage: String?
    /// Whether the lead may be written to.
    public var consent: Consent

    /// Creates a record.
    public init(
        identity: LeadIdentity, fields: [String: String], stage: FunnelStage?, nativeStage: String?, consent: Consent
    ) {
        self.identity = identity
        self.fields = fields
        self.stage = stage
        self.nativeStage = nativeStage
        self.consent = consent
    }
}

/// What reading a lead found.
public enum LeadReading: Sendable, Hashable {
    /// The record as it stands.
    case found(LeadRecord)
    /// The record was merged into another, which is to be read instead.
    case merged(into: LeadIdentity)
    /// There is no such record, or no longer.
    case gone
}
