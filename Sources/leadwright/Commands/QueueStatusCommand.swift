import Foundation
import JSON
import JobQueue
import PostgresClient

extension Command {
    /// `leadwright queue status`
    static let queueStatus = Command(
        "queue status", "Show how the queue does.",
        discussion: """
            Jobs by tenant, CRM, stage and state, with how long the oldest ready one has been due: ready for a worker,
            waiting for their time, parked by a pause, behind an earlier job of their lead, running, dead. Then the pauses
            in force, the calls that each connection has left, what vacuum has yet to remove from the queue's tables,
            and who keeps it from removing more. Sessions of other roles are seen with the role pg_read_all_stats only.
            """,
        options: [.database, .json]
    ) { arguments in
        let pool = try await Installation.migratedPool(arguments)
        let status = try await JobQueue(pool: pool, worker: Installation.workerName).status()
        await pool.close()
        print(arguments.has("--json") ? status.json.canonicalText : status.text)
    }
}

extension QueueStatus {
    private static let states = ["ready", "waiting", "paused", "behind", "running", "dead"]

    fileprivate var text: String {
        [jobsText, pausesText, budgetsText, tablesText, snapshotText].joined(separator: "\n\n")
    }

    private var jobsText: String {
        guard !backlog.isEmpty else { return "no jobs" }
        let parts = Dictionary(grouping: backlog) { [$0.tenantName, $0.system ?? "deleted", $0.depth.stage] }
        let rows = parts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { part, depths in
            let depths = Dictionary(depths.map { ($0.depth.state, $0.depth) }) { first, _ in first }
            let oldest = depths["ready"].map(\.oldest.rounded) ?? ""
            return part + Self.states.map { String(depths[$0]?.count ?? 0) } + [oldest]
        }
        return TextTable(["tenant", "crm", "stage"] + Self.states + ["oldest"], rows).text
    }

    private var pausesText: String {
        guard !pauses.isEmpty else { return "nothing is paused" }
        return pauses.map { "paused since \($0.since.formatted(.iso8601)): \($0.scope)" }.joined(separator: "\n")
    }

    private var budgetsText: String {
        guard !budgets.isEmpty else { return "no CRM has told a call limit yet" }
        let rows = budgets.map {
            [
                $0.connection ?? "\($0.connectionID), deleted", String($0.available), String($0.calls),
                "\($0.limitedBy), in any \($0.interval.rounded)",
            ]
        }
        return TextTable(["connection", "calls left", "of", "limit"], rows).text
    }

    private var tablesText: String {
        let rows = deadTuples.map {
            [$0.table, String($0.live), String($0.dead), $0.vacuumedAt?.formatted(.iso8601) ?? "never"]
        }
        return TextTable(["table", "rows", "dead tuples", "vacuumed"], rows).text
    }

    private var snapshotText: String {
        guard let snapshot = oldestSnapshot else { return "nobody holds vacuum back" }
        let age = snapshot.age.map { "for \($0.rounded)" } ?? "for a time that the server does not know"
        return "\(snapshot.holder) \(snapshot.name) holds vacuum back \(age), \(snapshot.transactions) transactions"
    }

    fileprivate var json: JSONValue {
        [
            "jobs": .array(backlog.map(\.json)),
            "pauses": .array(pauses.map(\.json)),
            "budgets": .array(budgets.map(\.json)),
            "tables": .array(deadTuples.map(\.json)),
            "oldest_snapshot": oldestSnapshot?.json ?? .null,
        ]
    }
}

extension Backlog {
    fileprivate var tenantName: String { tenant ?? "\(tenantID), deleted" }

    fileprivate var json: JSONValue {
        [
            "tenant": .text(tenant), "tenant_id": .integer(tenantID), "crm": .text(system),
            "stage": .string(depth.stage), "state": .string(depth.state), "count": .integer(Int64(depth.count)),
            "oldest_seconds": .number(depth.oldest / .seconds(1)),
        ]
    }
}

extension QueuePause {
    fileprivate var json: JSONValue {
        [
            "tenant": .text(scope.tenant), "crm": .text(scope.system), "stage": .text(scope.stage),
            "since": .string(since.precise),
        ]
    }
}

extension CallsLeft {
    fileprivate var json: JSONValue {
        [
            "connection": .text(connection), "connection_id": .integer(connectionID),
            "calls_left": .integer(Int64(available)), "calls": .integer(Int64(calls)), "limit": .string(limitedBy),
            "seconds": .number(interval / .seconds(1)), "observed_at": .string(observedAt.precise),
        ]
    }
}

extension DeadTuples {
    fileprivate var json: JSONValue {
        [
            "table": .string(table), "rows": .integer(Int64(live)), "dead_tuples": .integer(Int64(dead)),
            "vacuumed_at": .text(vacuumedAt?.precise),
        ]
    }
}

extension HeldSnapshot {
    fileprivate var json: JSONValue {
        [
            "holder": .string(holder), "name": .string(name), "transactions": .integer(Int64(transactions)),
            "age_seconds": age.map { .number($0 / .seconds(1)) } ?? .null,
        ]
    }
}

extension JSONValue {
    /// A text, or null.
    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
