public import Foundation
public import JSON
import PostgresClient

/// What is known of one job, whether it is still to be done or not.
public struct JobTrace: Sendable, Hashable {
    /// Where a job stands.
    public enum State: String, Sendable, Hashable {
        case ready, waiting, paused, behind, running, dead
        /// Its work was done.
        case done
        /// Nobody wanted it any more.
        case dropped
        /// It was a dead letter and was brought back under another id.
        case redriven
    }

    /// Its number.
    public let id: Int64
    /// What is or was to be done.
    public let stage: String
    /// Whose work it is.
    public let tenantID: Int64
    /// Through which connection it came or goes.
    public let connectionID: Int64
    /// Where it stands.
    public let state: State
    /// When it ended or died; else since when or from when on it is due.
    public let since: Date
    /// When it was put into the queue.
    public let enqueuedAt: Date
    /// How many attempts were begun and not refunded.
    public let attempts: Int
    /// Why it ended, or was set back last.
    public let reason: String?
    /// What the worker needs to know; `nil` when it is no JSON that this version reads.
    public let payload: JSONValue?
    /// Who has it, while it runs.
    public let worker: String?

    /// Whether it was dropped because its time had passed, as claim.sql says it.
    public var isStale: Bool { state == .dropped && reason?.hasPrefix("stale: ") == true }

    init?(_ row: PostgresRow) throws(PostgresError) {
        // An outcome of another version is no reason to show nothing of the lane.
        guard let state = State(rawValue: try row.decode("state")) else { return nil }
        self.state = state
        id = try row.decode("id")
        stage = try row.decode("stage")
        tenantID = try row.decode("tenant_id")
        connectionID = try row.decode("connection_id")
        since = try row.decode("since")
        enqueuedAt = try row.decode("enqueued_at")
        attempts = try row.decode("attempts")
        reason = try row.decode("reason")
        payload = try? JSONValue(parsing: row.decode("payload", as: String.self))
        worker = try row.decode("worker")
    }
}

extension JobQueue {
    /// All that is known of the jobs of some lanes, in the order of their ids.
    public func trace(lanes: [String]) async throws(JobQueueError) -> [JobTrace] {
        // The history's Bloom filters say which pages to read, which is a bitmap.
        try await run(Statement.trace, [lanes], allowing: .bitmaps) { row throws(PostgresError) in
            try JobTrace(row)
        }.compactMap(\.self)
    }
}
