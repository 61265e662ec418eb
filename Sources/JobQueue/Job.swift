public import JSON

/// A job that this worker holds by a lease.
public struct Job: Sendable, Hashable, Identifiable {
    /// Its number; ids grow within a lane in the order of commits.
    public let id: Int64
    /// What is to be done.
    public let stage: String
    /// Whose work it is.
    public let tenantID: Int64
    /// Through which connection it came or goes.
    public let connectionID: Int64
    /// The hash of the lane it was enqueued for; at most one job of a lane is out at any time.
    public let lane: Int64
    /// Its place among the jobs of its stage and priority; another one each time it was set back.
    let turn: Int64
    /// Which attempt this is, from 1.
    public let attempt: Int
    /// How many there may be.
    public let maxAttempts: Int
    /// The claim that took it, and others with it: only its holder may finish the job.
    public let token: Int64
    /// What the worker needs to know.
    public let payload: JSONValue
    /// 1, or 0 when it was taken only to be dropped or buried, which is no attempt.
    let counts: Int
    /// Where the claim found its row; `nil` when others wait behind it, whose coming moves it.
    let place: String?
}

/// How a job left the queue.
public enum JobOutcome: Sendable, Hashable {
    /// Its work is done.
    case done
    /// It turned out not to be wanted any more, for this reason.
    case dropped(reason: String)
}

/// When a failed job is tried again.
public enum RetryDelay: Sendable, Hashable {
    /// After a random time that grows with the attempts; the attempt counts. See ``Backoff``.
    case backoff
    /// After this time; the attempt does not count. For limits and pauses, which are nobody's failure.
    case postpone(Duration)
}
