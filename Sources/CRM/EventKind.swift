/// What an event says happened; one vocabulary for the three systems.
public enum EventKind: String, Sendable, Hashable, Codable, CaseIterable {
    case leadCreated = "lead.created"
    case leadUpdated = "lead.updated"
    case stageChanged = "stage.changed"
    case leadConverted = "lead.converted"
    case emailOpened = "email.opened"
    case emailClicked = "email.clicked"
    case emailReplied = "email.replied"
    case emailBounced = "email.bounced"
    case meetingBooked = "meeting.booked"
    case dealCreated = "deal.created"
    case dealWon = "deal.won"
    case dealLost = "deal.lost"
    case unsubscribed = "contact.unsubscribed"
    case deleted = "contact.deleted"
    case privacyDeleted = "contact.privacy_deleted"
    case restored = "contact.restored"
    case merged = "contact.merged"
    case associationChanged = "association.changed"
    case actionRequested = "action.requested"
    case gap = "gap"
    /// Everything else: kept and counted, never an error.
    case unknown = "unknown"

    /// Whether the event is something the lead did after a message, to be attributed to it. An open alone may be a
    /// mail scanner: it is recorded, and never counts as a conversion.
    public var isOutcome: Bool {
        switch self {
        case .emailOpened, .emailClicked, .emailReplied, .emailBounced, .meetingBooked, .dealWon, .dealLost,
            .leadConverted, .unsubscribed:
            true
        default: false
        }
    }
}
