public import Foundation

/// All that is known of one lead, from delivery to CRM, in the order in which it happened.
public struct LeadStory: Sendable, Hashable {
    /// The lead's key.
    public let lead: String
    /// The name of its tenant; `nil` when it was deleted, or is not known.
    public let tenant: String?
    /// When the lead was erased. Of what we held, nothing is left then; that it was is known by a hash of its key.
    public let erasedAt: Date?
    /// The key of the lead that it was merged into, where the story goes on.
    public let mergedInto: String?
    /// What happened.
    public let lines: [StoryLine]

    init(lead: String, tenant: String?, erasedAt: Date?, mergedInto: String?, lines: [StoryLine]) {
        self.lead = lead
        self.tenant = tenant
        self.erasedAt = erasedAt
        self.mergedInto = mergedInto
        // What happened in one transaction has one time: then the order is that of cause and effect.
        self.lines = lines.enumerated()
            .sorted { ($0.element.at, $0.element.subject, $0.offset) < ($1.element.at, $1.element.subject, $1.offset) }
            .map(\.element)
    }
}
