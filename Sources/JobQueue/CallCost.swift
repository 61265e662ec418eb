public import Foundation

/// What a stage's work costs of a CRM's call limits; reserved when jobs are claimed, so that a limit postpones work
/// before it is begun.
public struct CallCost: Sendable, Hashable {
    /// Calls for one batch of a connection's jobs.
    public var calls: Int
    /// How many jobs such a batch may have.
    public var jobsPerBatch: Int

    /// Creates a cost.
    ///
    /// - Precondition: `jobsPerBatch` is at least 1.
    public init(calls: Int, jobsPerBatch: Int) {
        precondition(jobsPerBatch >= 1, "a batch has at least one job")
        self.calls = calls
        self.jobsPerBatch = jobsPerBatch
    }

    /// Work that calls no CRM.
    public static let none = CallCost(calls: 0, jobsPerBatch: 1)
}

/// What a CRM said about one of a connection's rate limits.
public struct ObservedBudget: Sendable, Hashable {
    /// Which limit: `burst`, `daily`.
    public var name: String
    /// The calls allowed in any stretch of `interval`.
    public var calls: Int
    /// How long the limit looks back.
    public var interval: Duration
    /// The calls that were left.
    public var remaining: Int
    /// When the CRM said so.
    public var observedAt: Date

    /// Creates an observation.
    public init(name: String, calls: Int, interval: Duration, remaining: Int, observedAt: Date) {
        self.name = name
        self.calls = calls
        self.interval = interval
        self.remaining = remaining
        self.observedAt = observedAt
    }
}
