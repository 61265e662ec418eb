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
    let fate: Fate

    /// Reads the columns behind the two counts; `nil` for the row that holds nothing else.
    init?(_ row: PostgresRow, stage: String) throws(PostgresError) {
        guard let id: Int64 = try row.decode(at: 2) else { return nil }
        priority = JobPriority(rawValue: try row.decode(at: 7)) ?? .normal
        let text: String = try row.decode(at: 12)
        let stale: String? = try row.decode(at: 14)
        let last: String? = try row.decode(at: 15)
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
        job = Job(
            id: id, stage: stage, tenantID: try row.decode(at: 4), connectionID: try row.decode(at: 5),
            lane: try row.decode(at: 6), turn: try row.decode(at: 8), attempt: try row.decode(at: 9),
            maxAttempts: try row.decode(at: 10), token: try row.decode(at: 11), payload: payload,
            enqueuedAt: try row.decode(at: 13), counts: stale == nil && last == nil ? 1 : 0,
            place: try row.decode(at: 3))
    }
}
