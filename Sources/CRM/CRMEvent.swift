public import Foundation

/// One normalised fact out of a delivery.
///
/// A push often carries only a fragment, and may come twice or out of order: an event says that something changed,
/// never what the record looks like now. Whoever acts on it reads the record again.
public struct CRMEvent: Sendable, Hashable, Codable {
    /// What happened.
    public var kind: EventKind
    /// The type of the record it happened to: `contact`, `deal`, `Lead`, `Opportunity`.
    public var objectType: String
    /// The record's id as text.
    public var objectID: String
    /// The person it concerns, or `nil` where that takes a look into the CRM (the contacts of a deal).
    public var lead: LeadIdentity?
    /// The property that changed, by the system's own name.
    public var property: String?
    /// The property's new value as the system sent it.
    public var value: String?
    /// When it happened, by the system's clock.
    public var occurredAt: Date
    /// Equal for every delivery of the same event, different for different events; unique within a connection.
    public var dedupeKey: String
    /// Whether our own write caused it.
    public var causedByUs: Bool
    /// Which attempt at the delivery carried it, from 0.
    public var attempt: Int
    /// Whether `Connector.resolve` must be asked before acting: only the CRM knows whom it concerns (the contacts of a
    /// deal) or what it means (a deal stage of another pipeline).
    public var needsLookup: Bool
    /// Fields of the record that came along, by the system's own names.
    public var fields: [String: String]
    /// What belongs to some kinds only: `merged_ids`, `callback_id`, `transaction_key`, `replay_id`, `note`.
    public var details: [String: String]

    /// Creates an event.
    public init(
        kind: EventKind, objectType: String, objectID: String, lead: LeadIdentity?, property: String? = nil,
        value: String? = nil, occurredAt: Date, dedupeKey: String, causedByUs: Bool = false, attempt: Int = 0,
        needsLookup: Bool = false, fields: [String: String] = [:], details: [String: String] = [:]
    ) {
        self.kind = kind
        self.objectType = objectType
        self.objectID = objectID
        self.lead = lead
        self.property = property
        self.value = value
        self.occurredAt = occurredAt
        self.dedupeKey = dedupeKey
        self.causedByUs = causedByUs
        self.attempt = attempt
        self.needsLookup = needsLookup
        self.fields = fields
        self.details = details
    }
}
