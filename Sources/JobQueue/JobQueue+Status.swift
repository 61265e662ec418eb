import Foundation
import PostgresClient

extension JobQueue {
    /// How the queue does. Reads the live tables whole, 1 s a million jobs: for people, not for loops.
    public func status() async throws(JobQueueError) -> QueueStatus {
        QueueStatus(
            backlog: try await backlog(), pauses: try await pauses(), budgets: try await budgets(),
            deadTuples: try await deadTuples(), oldestSnapshot: try await oldestSnapshot())
    }

    /// How many jobs there are, by stage and state. Reads the live tables whole, as ``status()`` does.
    public func depths() async throws(JobQueueError) -> [QueueDepth] {
        try await run(Statement.depths, [now?()], allowing: .wholeTables) { row throws(PostgresError) in
            let (stage, state, count, oldest) = try row.decode(String.self, String.self, Int.self, Double.self)
            return QueueDepth(stage: stage, state: state, count: count, oldest: .seconds(oldest))
        }
    }

    /// The calls that each connection has left.
    public func budgets() async throws(JobQueueError) -> [CallsLeft] {
        try await run(Statement.budgets, [now?()]) { row throws(PostgresError) in
            let seconds: Double = try row.decode("seconds")
            return CallsLeft(
                connectionID: try row.decode("connection_id"), connection: try row.decode("connection"),
                limitedBy: try row.decode("limited_by"), available: try row.decode("available"),
                calls: try row.decode("calls"), interval: .seconds(seconds), observedAt: try row.decode("observed_at"))
        }
    }

    /// What vacuum has yet to remove from the queue's tables. Reads statistics only.
    public func deadTuples() async throws(JobQueueError) -> [DeadTuples] {
        try await run(Statement.deadTuples, []) { row throws(PostgresError) in
            let (table, live, dead, vacuumedAt) = try row.decode(String.self, Int.self, Int.self, Date?.self)
            return DeadTuples(table: table, live: live, dead: dead, vacuumedAt: vacuumedAt)
        }
    }

    /// Who keeps vacuum from removing the most; `nil` when nobody does. Reads the server's own lists only.
    public func oldestSnapshot() async throws(JobQueueError) -> HeldSnapshot? {
        try await run(Statement.oldestSnapshot, []) { row throws(PostgresError) in
            let (holder, name, transactions, seconds) = try row.decode(
                String.self, String.self, Int.self, Double?.self)
            return HeldSnapshot(
                holder: holder, name: name, transactions: transactions, age: seconds.map { .seconds($0) })
        }.first
    }

    private func backlog() async throws(JobQueueError) -> [Backlog] {
        try await run(Statement.backlog, [now?()], allowing: .wholeTables) { row throws(PostgresError) in
            let oldest: Double = try row.decode("oldest")
            return Backlog(
                tenantID: try row.decode("tenant_id"), tenant: try row.decode("tenant"),
                system: try row.decode("system"),
                depth: QueueDepth(
                    stage: try row.decode("stage"), state: try row.decode("state"), count: try row.decode("count"),
                    oldest: .seconds(oldest)))
        }
    }
}
