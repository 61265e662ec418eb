import JSON
import PostgresClient

extension Command {
    /// `leadwright bench queue`
    static let benchQueue = Command(
        "bench queue", "Measure what the queue can do on this database.",
        discussion: """
            Puts jobs without work into the queue, takes them all out again, and then puts some in at half of that rate to
            see how long each takes from there to its durable end. Order, fairness and call budgets are on. It needs a
            migrated database whose queue is empty; what it finishes stays in the history.
            """,
        options: [
            .database, Option("--jobs", "N", "Jobs to drain; 100000 unless given."),
            Option("--lanes", "N", "Leads that they are for; a lead for each job unless given."),
            Option("--tenants", "N", "Tenants that they belong to; 10 unless given."),
            Option("--workers", "N", "Claims in flight; 2 unless given."),
            Option("--batch", "N", "Jobs of a claim; 100 unless given."),
            Option("--blocked", "N", "Jobs that wait behind others of their leads meanwhile."),
            Option("--flood", "N", "Jobs of one more tenant, put in first; wait_p99_s is that of the others."),
            Option("--sustained", "SECONDS", "Then keep 20000 jobs waiting, and print the rate of every 10 seconds."),
            .json,
        ]
    ) { arguments in
        let load = QueueBenchmark.Load(
            jobs: try arguments.count("--jobs", default: 100_000),
            lanes: try arguments.count("--lanes"),
            tenants: try arguments.count("--tenants", default: 10),
            blocked: try arguments.number("--blocked", default: 0),
            flood: try arguments.number("--flood", default: 0),
            sustained: try arguments.number("--sustained", default: 0))
        let workers = try arguments.count("--workers", default: 2)
        let pool = try await Installation.migratedPool(arguments, size: workers + 6)
        let benchmark = QueueBenchmark(
            pool: pool, load: load, workers: workers, batch: try arguments.count("--batch", default: 100))
        let figures = try await benchmark.run()
        await pool.close()
        Leadwright.announce(figures: figures, asJSON: arguments.has("--json"))
    }
}
