import JSON
import PostgresClient

extension Command {
    /// `leadwright bench intake`
    static let benchIntake = Command(
        "bench intake", "Measure how fast signed deliveries are committed on this machine.",
        discussion: """
            Starts a gateway in this process and sends it HubSpot deliveries of one fresh event each, signed (v3), over
            kept HTTP connections. Without --rate each connection sends its next one as soon as the last is answered:
            how much goes through. With --rate deliveries come at fixed times, and their latency counts from the time
            that was meant. At the end every acknowledged delivery must be in the database.

            deliveries counts those answered with 2xx, refused those answered with 429 or 503. generator_cpu_us is the
            processor time that making, signing and sending one took from the cores that gateway and Postgres need.

            It migrates the database and leaves its deliveries in it: use one made for this.
            """,
        options: [
            .database,
            Option("--connections", "N", "HTTP connections; 32 unless given."),
            Option("--seconds", "S", "How long to measure, after a second that does not count; 10 unless given."),
            Option("--rate", "R", "Deliveries a second, at fixed times."),
            Option("--force", nil, "Also in a database that has tenants."),
            .json,
        ]
    ) { arguments in
        let rate = try arguments.number("--rate", default: 0.0)
        guard arguments["--rate"] == nil || rate > 0 else {
            throw CommandError.usage("--rate needs a number above 0")
        }
        let pool = try Installation.pool(arguments, size: 8)
        let benchmark = IntakeBenchmark(
            pool: pool, connections: try arguments.count("--connections", default: 32),
            seconds: Double(try arguments.count("--seconds", default: 10)),
            arrivals: rate > 0 ? .open(rate: rate) : .closed)
        let figures = try await benchmark.run(force: arguments.has("--force"))
        await pool.close()
        Leadwright.announce(figures: figures, asJSON: arguments.has("--json"))
    }
}
