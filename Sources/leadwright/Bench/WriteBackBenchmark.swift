import CRM
import Configuration
import Cryptography
import Foundation
import Gateway
import HTTPClient
import HTTPServer
import JSON
import JobQueue
import LanguageModel
import Migrations
import Pipeline
import PostgresClient
import Sandbox
import Telemetry

/// One lead after the other is created in a HubSpot stand-in: the time from its event to the proven write-back, with
/// nothing else to do and no text to generate.
///
/// Gateway, worker and stand-in are those of an installation, over HTTP and in this process. The playbook gives every lead
/// the tenant's own template, so no model runs.
struct WriteBackBenchmark {
    private static let name = "bench-writeback"

    let pool: PostgresPool
    let leads: Int

    /// Migrates the database, declares a tenant of its own in it, and measures.
    func run() async throws -> [String: JSONValue] {
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        guard try await pool.query("SELECT FROM tenants").isEmpty else {
            throw CommandError.failed("the database has tenants; name an empty one")
        }
        let key = try SealingKey(.random(32))
        let configuration = ConfigurationStore(pool: pool, key: key)
        let queue = JobQueue(pool: pool, worker: Installation.workerName)
        let client = HTTPClient()
        let sandbox = SandboxServer(HubSpotPortal())
        let address = try await sandbox.start()
        let gateway = Gateway(pool: pool, configuration: configuration, queue: queue)
        let server = HTTPServer { await gateway.respond(to: $0) }
        let webhook = "http://127.0.0.1:\(try await server.start())/webhooks/\(Self.name)"
        let settings = HubSpotSettings()
        try await configuration.apply(
            Self.declarations(sandbox: address, webhook: webhook),
            environment: ["SECRET": settings.clientSecret, "TOKEN": settings.accessToken])
        let administration = SandboxAdministration(address: address, client: client)
        try await administration.configure(["target_url": .string(webhook), "reports_initial_values": false])
        let connection = try await configuration.connection(named: Self.name)
        let connectors = ConnectorDirectory(pool: pool, configuration: configuration, client: client)
        if let connection { _ = try await connectors.connector(for: connection.id).connect() }

        let worker = Worker(
            pool: pool, queue: queue, configuration: configuration, model: NoModel(), client: client, key: key)
        let work = Task { await worker.run() }
        // The first few open connections and fill caches.
        for number in 0..<(leads + 10) {
            try await lead(number, administration)
        }
        work.cancel()
        await work.value
        await server.stop()
        await sandbox.stop()
        await client.close()
        let times = try await milliseconds().suffix(leads)
        return [
            "leads": .integer(Int64(times.count)), "p50_ms": .number(times.percentile(50)),
            "p99_ms": .number(times.percentile(99)),
        ]
    }

    /// Creates a lead and waits until its text is proven to stand there.
    private func lead(_ number: Int, _ administration: SandboxAdministration) async throws {
        let lead: JSONValue = [
            "first_name": "Mira", "email": .string("lead\(number)@example.com"), "stage": "lead", "consent": true,
        ]
        _ = try await administration.create([lead])
        let deadline = ContinuousClock.now + .seconds(10)
        repeat {
            guard ContinuousClock.now < deadline else {
                throw CommandError.failed("lead \(number) has no text after ten seconds")
            }
            // Longer than it takes, so that asking does not disturb what is measured; and a lead takes five calls, of 190
            // that HubSpot allows in ten seconds.
            try await Task.sleep(for: .milliseconds(270))
        } while try await milliseconds().count <= number
    }

    /// From the commit of each event to the proof of its write, in the order of events.
    private func milliseconds() async throws -> [Double] {
        try await pool.query(
            """
            SELECT extract(epoch FROM write_backs.proven_at - events.received_at)::float8 * 1000
            FROM write_backs
            JOIN generations ON generations.id = write_backs.generation_id
            JOIN events ON events.id = generations.event_id
            WHERE proven_at IS NOT NULL
            ORDER BY events.id
            """
        ).map { try $0.decode(Double.self) }
    }

    private static func declarations(sandbox: String, webhook: String) -> JSONValue {
        [
            [
                "kind": "tenant", "name": .string(name), "title": "Benchmark",
                "voice": [
                    "name": "Benchmark", "language": "en", "rules": ["Plain."], "signature": "Benchmark",
                    "cta": ["lead": "Say hello."],
                ],
            ],
            [
                "kind": "connection", "tenant": .string(name), "name": .string(name), "system": "hubspot",
                "account": "8112233", "client_id": "445566", "base_url": .string(sandbox),
                "public_url": .string(webhook), "stages": ["lead": "lead"],
                "credentials": ["client_secret": ["env": "SECRET"], "access_token": ["env": "TOKEN"]],
            ],
            [
                "kind": "playbook", "tenant": .string(name), "name": "welcome", "content": "nurture_email",
                "when": ["events": ["lead.created"], "stages": ["lead"]], "valid_for": "P3D",
                "target": "leadwright_nurture_email", "brief": "Say hello.",
                "experiment": ["name": "template", "baseline": 0.999_999],
                "scaffold": [["part": "subject", "pieces": [["text": "Hello {lead.first_name}"]]]],
            ],
        ]
    }
}

/// For a playbook whose texts no model writes.
private struct NoModel: LanguageModel {
    let identity = ModelIdentity(name: "none", sha256: String(repeating: "0", count: 64), isReproducible: true)

    func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput {
        throw LanguageModelError(.unavailable, "this benchmark has no model, and its playbook needs none")
    }
}
