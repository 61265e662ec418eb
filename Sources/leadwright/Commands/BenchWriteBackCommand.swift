import JSON
import PostgresClient

extension Command {
    /// `leadwright bench writeback`
    static let benchWriteBack = Command(
        "bench writeback", "Measure the way from a CRM's event to the text in the CRM.",
        discussion: """
            Creates one lead after the other in a HubSpot stand-in and measures the time from the commit of its event to the
            proof that its text stands in the CRM. Gateway, worker and stand-in run in this process; the text is a
            template, so no model runs. It migrates the database and leaves its leads in it: use one made for this.
            """,
        options: [.database, Option("--leads", "N", "Leads; 100 unless given."), .json]
    ) { arguments in
        let pool = try Installation.pool(arguments, size: 12)
        let benchmark = WriteBackBenchmark(pool: pool, leads: try arguments.count("--leads", default: 100))
        let figures = try await benchmark.run()
        await pool.close()
        Leadwright.announce(figures: figures, asJSON: arguments.has("--json"))
    }
}
