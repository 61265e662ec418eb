public import CRM

/// What a message's outcomes say about its text, as a training example.
///
/// | outcome | reward | label |
/// |---|---|---|
/// | deal won | 1 | good |
/// | lead converted | 0.8 | good |
/// | meeting booked | 0.7 | good |
/// | replied | 0.5 | good |
/// | clicked | 0.2 | good |
/// | bounced | -0.2 | bad |
/// | unsubscribed | -1 | bad |
/// | opened, deal lost, nothing | – | no verdict |
///
/// The best good outcome counts; an opt-out outweighs all of them; a bounce counts only by itself. An open may be a
/// mail scanner. Silence and a lost deal are no verdict on the text: most good messages meet with silence, and
/// counting it as bad would teach the model who answers, not what to write. Uplift is measured against the holdout.
public struct Verdict: Sendable, Hashable {
    /// Whether the text is an example to follow.
    public let label: Bool
    /// How much it is worth, from -1 to 1.
    public let reward: Double
    /// The outcome that decided.
    public let decidedBy: EventKind

    /// The verdict of all outcomes of one message, in whatever order they came and however often; `nil` for none.
    public init?(of outcomes: some Sequence<EventKind>) {
        let kinds = Set(outcomes)
        if kinds.contains(.unsubscribed) {
            self.init(label: false, reward: -1, decidedBy: .unsubscribed)
        } else if let best = Self.good.first(where: { kinds.contains($0.kind) }) {
            self.init(label: true, reward: best.reward, decidedBy: best.kind)
        } else if kinds.contains(.emailBounced) {
            self.init(label: false, reward: -0.2, decidedBy: .emailBounced)
        } else {
            return nil
        }
    }

    private init(label: Bool, reward: Double, decidedBy: EventKind) {
        self.label = label
        self.reward = reward
        self.decidedBy = decidedBy
    }

    /// The best first.
    private static let good: [(kind: EventKind, reward: Double)] = [
        (.dealWon, 1), (.leadConverted, 0.8), (.meetingBooked, 0.7), (.emailReplied, 0.5), (.emailClicked, 0.2),
    ]
}
