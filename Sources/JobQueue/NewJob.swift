public import Foundation
public import JSON

/// A piece of work to put into the queue.
public struct NewJob: Sendable, Hashable {
    /// What is to be done: `understand`, `generate`, `write`.
    public var stage: String
    /// Whose work it is.
    public var tenantID: Int64
    /// Through which connection it came or goes.
    public var connectionID: Int64
    /// Jobs of one lane run one after the other, in the order they were committed; usually the lead's key.
    public var lane: String
    /// What goes first, between lanes.
    public var priority: JobPriority
    /// Not before this time; `nil` is at once.
    public var runAt: Date?
    /// From this time on it is no longer wanted, and is dropped instead of run.
    public var validUntil: Date?
    /// How often it may be tried before it is dead.
    public var maxAttempts: Int16
    /// What the worker needs to know: ids, and no personal data that the tables have already.
    public var payload: JSONValue

    /// Creates a job.
    public init(
        stage: String, tenantID: Int64, connectionID: Int64, lane: String, priority: JobPriority = .normal,
        runAt: Date? = nil, validUntil: Date? = nil, maxAttempts: Int16 = 12, payload: JSONValue
    ) {
        self.stage = stage
        self.tenantID = tenantID
        self.connectionID = connectionID
        self.lane = lane
        self.priority = priority
        self.runAt = runAt
        self.validUntil = validUntil
        self.maxAttempts = maxAttempts
        self.payload = payload
    }
}

/// What goes first. Lower ones wait as long as there are higher ones of their stage; within one, tenants share by
/// weight. A job never goes before an earlier one of its own lane.
public enum JobPriority: Int16, Sendable, Hashable, CaseIterable {
    /// Backfills and the like, which may wait for days.
    case bulk = -1
    /// What happened to a lead just now.
    case normal = 0
    /// What somebody waits for.
    case urgent = 1
}
