import Configuration
import Cryptography
import Foundation
import Gateway
import HTTPServer
import JSON
import JobQueue
import Migrations
import PostgresClient
import Telemetry

/// Signed HubSpot deliveries over HTTP into a gateway of this process: how many are committed, and how fast.
struct IntakeBenchmark {
    private static let tenant = "bench-intake"
    private static let portal = "8112233"
    private static let publicURL = "https://gateway.example.com/webhooks/\(tenant)"
    /// Sent before the clock starts: connections are opened, the configuration is read.
    private static let warmUpSeconds = 1.0

    let pool: PostgresPool
    let connections: Int
    let seconds: Double
    let arrivals: LoadGenerator.Arrivals

    /// Migrates the database, declares a tenant of its own in it, and measures.
    ///
    /// - Parameter force: Whether the database may hold other tenants.
    /// - Throws: ``CommandError/failed(_:)`` also when a delivery was acknowledged and is not in the database.
    func run(force: Bool) async throws -> [String: JSONValue] {
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        let strangers = try await pool.query("SELECT FROM tenants WHERE name <> $1", [Self.tenant])
        guard strangers.isEmpty || force else {
            throw CommandError.failed("the database has tenants; name an empty one, or force it with --force")
        }
        let secret = Data.random(24).hexadecimal
        let configuration = ConfigurationStore(pool: pool, key: try SealingKey(.random(32)))
        try await declare(secret: secret, in: configuration)

        let metrics = Metrics()
        let gateway = Gateway(
            pool: pool, configuration: configuration, queue: JobQueue(pool: pool, worker: Installation.workerName),
            metrics: metrics)
        let server = HTTPServer { await gateway.respond(to: $0) }
        let port = try await server.start()
        let load = HubSpotLoad(
            portal: Self.portal, secret: secret, target: "/webhooks/\(Self.tenant)", publicURL: Self.publicURL,
            firstEvent: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let generator = LoadGenerator(port: port, connections: connections, arrivals: arrivals, request: load.request)
        let before = try await stored()
        let (warmUp, next) = try await generator.run(seconds: Self.warmUpSeconds, first: 0)
        let (result, _) = try await generator.run(seconds: seconds, first: next)
        await server.stop()
        let missing = warmUp.latencies.count + result.latencies.count - (try await stored() - before)
        guard missing <= 0 else {
            throw CommandError.failed("\(missing) deliveries were acknowledged and are not in the database")
        }
        return figures(result)
    }

    private func figures(_ result: LoadGenerator.Result) -> [String: JSONValue] {
        let requests = result.latencies.count + result.refusals.count
        return [
            "connections": .integer(Int64(connections)),
            "seconds": .number(result.seconds),
            "deliveries": .integer(Int64(result.latencies.count)),
            "deliveries_s": .number(Double(result.latencies.count) / result.seconds),
            "p50_ms": .number(result.latencies.percentile(50) * 1000),
            "p99_ms": .number(result.latencies.percentile(99) * 1000),
            "refused": .integer(Int64(result.refusals.count)),
            "refused_p99_ms": .number(result.refusals.percentile(99) * 1000),
            "generator_cpu_us": .number(result.processorSeconds * 1e6 / Double(max(1, requests))),
        ]
    }

    /// Events of this benchmark that are in the database.
    private func stored() async throws -> Int {
        let rows = try await pool.query(
            """
            SELECT count(*) FROM events JOIN connections ON connections.id = connection_id WHERE connections.name = $1
            """, [Self.tenant])
        return try rows.first?.decode(Int.self) ?? 0
    }

    private func declare(secret: String, in configuration: ConfigurationStore) async throws {
        let declarations: JSONValue = [
            [
                "kind": "tenant", "name": .string(Self.tenant), "title": "Benchmark",
                "voice": [
                    "name": "Benchmark", "language": "en", "rules": ["Plain."], "banned_phrases": [],
                    "signature": "Benchmark",
                ],
            ],
            [
                "kind": "connection", "tenant": .string(Self.tenant), "name": .string(Self.tenant), "system": "hubspot",
                "account": .string(Self.portal), "client_id": "445566", "public_url": .string(Self.publicURL),
                "stages": ["lead": "lead"],
                "credentials": ["client_secret": ["env": "SECRET"], "access_token": ["env": "SECRET"]],
            ],
        ]
        try await configuration.apply(declarations, environment: ["SECRET": secret])
    }
}
