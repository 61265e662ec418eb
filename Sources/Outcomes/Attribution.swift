public import CRM
public import Foundation

/// A generation that stands in a CRM, as far as attribution looks at it.
public struct WrittenGeneration: Sendable, Hashable {
    /// Its id.
    public let id: UUID
    /// When its text was made. It cannot have had an effect before.
    public let generatedAt: Date
    /// When its write-back was confirmed.
    public let writtenAt: Date

    /// Creates one.
    public init(id: UUID, generatedAt: Date, writtenAt: Date) {
        self.id = id
        self.generatedAt = generatedAt
        self.writtenAt = writtenAt
    }
}

/// Which message an outcome is put down to: the lead's last one before it, if that was written within the outcome's
/// window. The rule is fixed before anything is measured, so that nobody picks the window that looks best.
public enum Attribution {
    /// The rule's name, as stored beside each outcome.
    public static let rule = "last_written_within_window"

    /// How far the CRM's clock and ours may differ, and how far a CRM rounds its times down.
    public static let clockTolerance: TimeInterval = 2

    /// How long after writing an outcome of a kind still counts, in seconds; `nil` for what is no outcome.
    ///
    /// | outcome | days |
    /// |---|---|
    /// | bounced | 3 |
    /// | opened, clicked | 7 |
    /// | replied, unsubscribed | 14 |
    /// | meeting booked | 30 |
    /// | lead converted, deal won, deal lost | 90 |
    public static func window(for kind: EventKind) -> TimeInterval? {
        let day: TimeInterval = 86_400
        return switch kind {
        case .emailBounced: 3 * day
        case .emailOpened, .emailClicked: 7 * day
        case .emailReplied, .unsubscribed: 14 * day
        case .meetingBooked: 30 * day
        case .leadConverted, .dealWon, .dealLost: 90 * day
        default: nil
        }
    }

    /// The generation that an outcome is put down to.
    ///
    /// A message counts from the moment its text was made, not from the confirmation of its write-back: the CRM shows
    /// it to the lead before we know that it does.
    public static func generation(
        for kind: EventKind, at occurredAt: Date, among generations: [WrittenGeneration]
    ) -> WrittenGeneration? {
        guard let window = window(for: kind) else { return nil }
        return
            generations
            .filter { $0.generatedAt <= occurredAt.addingTimeInterval(clockTolerance) }
            .filter { occurredAt.timeIntervalSince($0.writtenAt) <= window }
            // The id settles a tie, so that every machine decides alike.
            .max { ($0.generatedAt, $0.id.uuidString) < ($1.generatedAt, $1.id.uuidString) }
    }
}
