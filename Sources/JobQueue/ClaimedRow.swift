import JSON
import PostgresClient

/// A row of claim.sql: a job that the claim looked at, and what is to become of it.
struct ClaimedRow {
    /// Of a job that was taken.
    enum Fate {
        case run
        case drop(reason: String)
        case bury(reason: String)
    }

    let job: Job
    let priority: JobPriority
    let fate: Fate
    /// For how long it is to be set aside instead of taken; infinity when it is paused.
    let parkSeconds: Double?

    /// Reads the columns from left to right.
    ///
    /// - Parameter tokens: Those of the claim's leases, by priority.
    init(_ row: PostgresRow, stage: String, tokens: [JobPriority: Int64]) throws(PostgresError) {
        priority = JobPriority(rawValue: Int16(try row.number(5))) ?? .normal
        parkSeconds = try row.text(at: 10).flatMap(Double.init)
        let stale = try row.text(at: 11)
        let last = try row.text(at: 12)
        var fate = Fate.run
        var payload = JSONValue.null
        let text = try row.text(at: 8) ?? ""
        do throws(JSONError) {
            payload = try JSONValue(parsing: text)
        } catch {
            fate = .bury(reason: "its payload cannot be read: \(error)")
        }
        if let last { fate = .bury(reason: last) }
        if let stale { fate = .drop(reason: stale) }
        self.fate = fate
        let counts = stale == nil && last == nil ? 1 : 0
        job = Job(
            id: try row.number(0), stage: stage, tenantID: try row.number(3), connectionID: try row.number(4),
            lane: try row.number(1), turn: try row.number(2), attempt: Int(try row.number(6)) + counts,
            maxAttempts: Int(try row.number(7)), token: tokens[priority] ?? 0, payload: payload, counts: counts,
            place: try row.text(at: 9))
    }
}

extension PostgresRow {
    /// A number that is never null.
    fileprivate func number(_ column: Int32) throws(PostgresError) -> Int64 {
        guard let number = try integer(at: column) else {
            throw PostgresError(.decoding, "a claimed job has no number in column \(column)")
        }
        return number
    }
}
