import JobQueue
import Telemetry

/// The queue as the database has it, for Prometheus.
///
/// Counting jobs reads the live tables whole: 0.8 s a million jobs. So a count is served again until fifty times the time
/// that it took has passed, and counting takes 2 % of one connection at most, whoever scrapes how often. What comes from
/// the server's own lists costs a millisecond and is always fresh.
actor QueueGauges {
    /// How long a count is served, in times of what it took.
    private static let rest = 50.0

    private struct Count {
        let depths: [QueueDepth]
        let servedUntil: ContinuousClock.Instant
    }

    private let queue: JobQueue
    private var last: Count?
    /// The count that is being made; those who ask meanwhile share it.
    private var counting: Task<Count, any Error>?

    init(queue: JobQueue) {
        self.queue = queue
    }

    /// The gauges in Prometheus' text format.
    func page() async throws -> String {
        let depths = try await depths()
        let (budgets, tables, snapshot, pauses) = try await (
            queue.budgets(), queue.deadTuples(), queue.oldestSnapshot(), queue.pauses()
        )
        return [
            Metrics.gauge(
                "leadwright_jobs", "Jobs by stage and state; finished ones are not counted.",
                depths.map { (["stage": $0.stage, "state": $0.state], Double($0.count)) }),
            Metrics.gauge(
                "leadwright_jobs_oldest_seconds", "For how long the oldest job has been due, by stage and state.",
                depths.map { (["stage": $0.stage, "state": $0.state], $0.oldest / .seconds(1)) }),
            Metrics.gauge(
                "leadwright_pauses", "Parts of the queue that operators stopped.", [([:], Double(pauses.count))]),
            Metrics.gauge(
                "leadwright_calls_left", "Calls that a connection may still make, by the limit that leaves the fewest.",
                budgets.map {
                    (
                        ["connection": $0.connection ?? "\($0.connectionID)", "limit": $0.limitedBy],
                        Double($0.available)
                    )
                }),
            Metrics.gauge(
                "leadwright_dead_tuples", "Versions of rows that vacuum has yet to remove from the queue's tables.",
                tables.map { (["table": $0.table], Double($0.dead)) }),
            Metrics.gauge(
                "leadwright_oldest_snapshot_seconds", "For how long somebody has kept vacuum from removing anything.",
                [([:], (snapshot?.age ?? .zero) / .seconds(1))]),
            Metrics.gauge(
                "leadwright_oldest_snapshot_transactions", "Transactions begun since then.",
                [([:], Double(snapshot?.transactions ?? 0))]),
        ].joined()
    }

    private func depths() async throws -> [QueueDepth] {
        if let last, last.servedUntil > .now { return last.depths }
        let task =
            counting
            ?? Task { [queue] in
                let start = ContinuousClock.now
                let depths = try await queue.depths()
                return Count(depths: depths, servedUntil: .now + start.duration(to: .now) * Self.rest)
            }
        counting = task
        defer { counting = nil }
        let count = try await task.value
        last = count
        return count.depths
    }
}
