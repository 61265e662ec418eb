import Foundation
import JSON
import PostgresClient

/// A row of claim.sql: a job that is ours now, and whether it may run.
struct ClaimedRow {
    enum Fate {
        case run
        case drop(reason: String)
        case bury(reason: String)
    }

    let job: Job
    let priority: JobPriority
    let turn: Int64
    let fate: Fate

    /// `nil` for the row that only says how many jobs were looked at.
    init?(_ row: PostgresRow, stage: String) throws(PostgresError) {
        let columns: Columns = try row.decode(
            Int.self, Int64?.self, String?.self, Int64?.self, Int64?.self, Int64?.self, Int16?.self, Int64?.self,
            Int?.self,
            Int?.self, Int64?.self, String?.self, Date?.self, String?.self, String?.self)
        let (_, id, place, tenant, connection, lane, level, turn, attempt, most, token, text, time, stale, last) =
            columns
        guard let id, let place, let tenant, let connection, let lane, let level, let turn, let attempt, let most,
            let token, let text, let time
        else { return nil }
        var fate = Fate.run
        var payload = JSONValue.null
        do throws(JSONError) {
            payload = try JSONValue(parsing: text)
        } catch {
            fate = .bury(reason: "its payload cannot be read: \(error)")
        }
        if let last { fate = .bury(reason: last) }
        if let stale { fate = .drop(reason: stale) }
        self.fate = fate
        self.turn = turn
        priority = JobPriority(rawValue: level) ?? .normal
        job = Job(
            id: id, stage: stage, tenantID: tenant, connectionID: connection, lane: lane, attempt: attempt,
            maxAttempts: most, token: token, payload: payload, enqueuedAt: time, place: place)
    }

    /// In the order of claim.sql.
    private typealias Columns = (
        Int, Int64?, String?, Int64?, Int64?, Int64?, Int16?, Int64?, Int?, Int?, Int64?, String?, Date?, String?,
        String?
    )
}
