import Foundation
import JobQueue
import Personalization
import PostgresClient

/// A message that waits until its lead is quiet: several changes in a short time become one message, made from the
/// record as it is then.
///
/// Its row names the newest event that asks for it, and each such event brings a job of its own that is due when the
/// period is over. Only the job of the newest event finds its event in the row and takes it; the others find it
/// superseded. So a job that is lost or dead holds up nothing that comes after it.
struct QuietMessage: Sendable, Hashable {
    private static let waitQuietly = SQL(PackageResources.wait_quietly_sql)
    private static let endQuiet = SQL(PackageResources.end_quiet_sql)
    private static let stillWaiting = SQL(PackageResources.still_waiting_sql)

    let lead: Int64
    let playbook: String
    let event: Int64

    /// What waiting came to.
    struct Wait: Sendable {
        /// When to look again; `nil` when a newer event waits already.
        let dueAt: Date?
        /// The event that another one took the place of: an older one, or this one.
        let superseded: Int64?
    }

    /// The lane of the jobs that look again.
    static func lane(connection: Int64, lead key: String, playbook: String) -> String {
        Lane.name(connection: connection, object: "\(key) quiet for \(playbook)")
    }

    /// Begins to wait, or goes on waiting, in the transaction that holds the lead's row.
    ///
    /// - Parameter now: `nil` for the database's own clock.
    func wait(seconds: Int, now: Date?, in transaction: PostgresConnection) async throws -> Wait {
        let rows = try await transaction.query(Self.waitQuietly, [lead, playbook, event, Int32(seconds), now])
        guard let row = rows.first else { throw PipelineError(.missing, "the message can neither wait nor be made") }
        let (newest, dueAt, previous) = try row.decode(Int64.self, Date.self, Int64?.self)
        guard newest == event else { return Wait(dueAt: nil, superseded: event) }
        return Wait(dueAt: dueAt, superseded: previous == event ? nil : previous)
    }

    /// Takes the message out, to be made in this transaction.
    ///
    /// - Returns: whether it was there; a newer event has it otherwise.
    func take(in transaction: PostgresConnection) async throws(PostgresError) -> Bool {
        try await !transaction.query(Self.endQuiet, [lead, playbook, event]).isEmpty
    }

    /// Those of some messages that no newer event took over so far.
    static func waiting(_ messages: [QuietMessage], in pool: PostgresPool) async throws -> Set<QuietMessage> {
        guard !messages.isEmpty else { return [] }
        let rows = try await pool.query(stillWaiting, [messages.map(\.lead), messages.map(\.playbook)])
        return Set(
            try rows.map { row in
                let (lead, playbook, event) = try row.decode(Int64.self, String.self, Int64.self)
                return QuietMessage(lead: lead, playbook: playbook, event: event)
            })
    }

    /// Why an event made no message of its own, for whoever asks.
    func supersession(by newer: String) -> String {
        "\(newer) came within the quiet period of playbook \(playbook) and took its place"
    }
}
