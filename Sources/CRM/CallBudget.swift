public import Foundation

/// What a system said about one of its rate limits when it answered a call.
public struct CallBudget: Sendable, Hashable {
    /// Which limit: `burst`, `daily`.
    public var name: String
    /// The calls allowed in one interval.
    public var limit: Int
    /// The calls that are left in the present one.
    public var remaining: Int
    /// How long an interval is.
    public var interval: Duration
    /// When the system said so.
    public var observedAt: Date

    /// Creates a budget.
    public init(name: String, limit: Int, remaining: Int, interval: Duration, observedAt: Date) {
        self.name = name
        self.limit = limit
        self.remaining = remaining
        self.interval = interval
        self.observedAt = observedAt
    }
}
