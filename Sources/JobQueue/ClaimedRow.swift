import Foundation
import JSON
import PostgresClient

/// A row of claim.sql: a job that is ours now, and whether it may run.
struct ClaimedRow {
    enum Fate: Equatable {
        case run
        case drop(reason: String)
        case bury(reason: String)
    }

    /// How the reason of a job begins that was dropped because its time had passed.
    static let staleness = "stale: "

    let job: Job
    let priority: JobPriority
    let turn: Int64
    let fate: Fate

    /// `nil` for the row that only says how many jobs were looked at.
    init?(_ row: PostgresRow, stage: String) throws(PostgresError) {
        guard let token = try row.decode("token", as: Int64?.self) else { return nil }
        let text = try row.decode("payload", as: String.self)
        let payload: JSONValue
        let unreadable: String?
        do throws(JSONError) {
            payload = try JSONValue(parsing: text)
            unreadable = nil
        } catch {
            payload = .null
            unreadable = "its payload cannot be read: \(error)"
        }
        job = Job(
            id: try row.decode("id"), stage: stage, tenantID: try row.decode("tenant_id"),
            connectionID: try row.decode("connection_id"), lane: try row.decode("lane"),
            attempt: try row.decode("attempt"), maxAttempts: try row.decode("max_attempts"), token: token,
            payload: payload, enqueuedAt: try row.decode("enqueued_at"))
        priority = JobPriority(rawValue: try row.decode("priority")) ?? .normal
        turn = try row.decode("turn")
        if try row.decode("is_stale") {
            fate = .drop(
                reason: Self.staleness + "it was valid until \(try row.decode("valid_until", as: String.self))")
        } else if try row.decode("is_exhausted") {
            fate = .bury(reason: "\(try row.decode("reason", as: String?.self) ?? "lost"), the last one")
        } else if let unreadable {
            fate = .bury(reason: unreadable)
        } else {
            fate = .run
        }
    }
}
