import CRM
import Configuration
import Cryptography
import Foundation
import Gateway
import HTTPClient
import HTTPServer
import HTTPTypes
import JSON
import JobQueue
import LanguageModel
import Pipeline
import PostgresClient
import Sandbox
import Synchronization
import Telemetry
import TestSupport

/// The whole way of an event on real parts: a HubSpot stand-in and a gateway over HTTP, Postgres, a worker. Only the
/// model is scripted, so that a test knows every text.
final class PipelineFixture: Sendable {
    let database: TestDatabase
    let worker: Worker
    let queue: JobQueue
    let configuration: ConfigurationStore
    private let sandbox: SandboxServer<HubSpotPortal>
    /// Between the worker and the CRM.
    let relay: Relay
    /// What the worker was told about call budgets.
    let budgets = HeardBudgets()
    private let server: HTTPServer
    private let relayServer: HTTPServer
    private let client: HTTPClient
    private let address: String
    /// The queue's clock: backoff passes without waiting.
    private let clock = Clock()

    init(model: any LanguageModel = FixedModel(), clientID: String = "445566") async throws {
        database = try await TestDatabase.make()
        let clock = clock
        queue = JobQueue(pool: database.pool, worker: "test", now: { clock.now })
        let key = try SealingKey(Data(repeating: 7, count: 32))
        configuration = ConfigurationStore(pool: database.pool, key: key, maximumAge: .zero)
        client = HTTPClient()
        let gateway = Gateway(
            pool: database.pool, configuration: configuration, queue: queue, log: Log("gateway", write: { _ in }))
        server = HTTPServer { await gateway.respond(to: $0) }
        let port = try await server.start()
        sandbox = SandboxServer(HubSpotPortal())
        address = try await sandbox.start()
        let relay = Relay(to: address, client: client)
        self.relay = relay
        relayServer = HTTPServer { await relay.respond(to: $0) }
        let relayed = "http://127.0.0.1:\(try await relayServer.start())"
        var limits = Worker.Limits()
        limits.callTimeout = .seconds(1)
        worker = Worker(
            pool: database.pool, queue: queue, configuration: configuration, model: model, client: client, key: key,
            limits: limits, budgets: budgets, now: { clock.now }, log: Log("worker", write: { _ in }))
        let webhook = "http://127.0.0.1:\(port)/webhooks/acme-hubspot"
        try await declare(Self.declarations(sandbox: relayed, webhook: webhook, clientID: clientID))
        _ = try await administer("configure", ["target_url": .string(webhook), "reports_initial_values": false])
        let connection = try await configuration.connection(named: "acme-hubspot")
        let connectors = ConnectorDirectory(pool: database.pool, configuration: configuration, client: client)
        if let connection { _ = try await connectors.connector(for: connection.id).connect() }
    }

    func stop() async {
        await relayServer.stop()
        await sandbox.stop()
        await server.stop()
        await client.close()
        await database.drop()
    }

    /// Applies declarations.
    func declare(_ declarations: JSONValue) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "pipeline-\(UUID().uuidString).json")
        try declarations.canonicalData.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let settings = HubSpotSettings()
        _ = try await configuration.apply(
            Declarations(
                files: [file.path],
                environment: ["HS_SECRET": settings.clientSecret, "HS_TOKEN": settings.accessToken]))
    }

    /// Lets something happen in the CRM, and returns the answer once its webhooks are delivered.
    @discardableResult
    func administer(_ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let request = HTTPRequest(
            body == nil ? "GET" : "POST", "\(address)/sandbox/\(path)", body: body?.canonicalData ?? Data())
        let answer = try JSONValue(parsing: await client.send(request).body)
        try await settle()
        return answer
    }

    /// Calls the CRM's own API as another program would, and waits for the webhooks of it.
    func callCRM(_ method: String, _ path: String, _ body: JSONValue) async throws {
        let token = HubSpotSettings().accessToken
        let request = HTTPRequest(
            method, address + path, headers: ["Authorization": "Bearer \(token)", "Content-Type": "application/json"],
            body: body.canonicalData)
        _ = try await client.send(request)
        try await settle()
    }

    /// Waits until the CRM's webhooks are delivered.
    func settle() async throws {
        _ = try await client.send(HTTPRequest("GET", "\(address)/sandbox/idle?timeout_seconds=20"))
    }

    /// Lets the CRM report what we write, beside new leads.
    func subscribeToOwnProperties() async throws {
        let names = ["id", "fingerprint", "generated_at", "subject", "body"]
        let changes = names.map { name -> JSONValue in
            [
                "eventType": "contact.propertyChange", "propertyName": .string("leadwright_nurture_email_\(name)"),
                "active": true,
            ]
        }
        try await administer(
            "configure", ["subscriptions": .array([["eventType": "contact.creation", "active": true]] + changes)])
    }

    /// Creates a lead in the CRM and returns its id.
    func createLead(_ name: String, consent: Bool = true, stage: String = "lead") async throws -> String {
        let answer = try await administer(
            "leads",
            [
                "leads": [
                    [
                        "first_name": .string(name), "email": .string("\(name.lowercased())@example.com"),
                        "stage": .string(stage), "consent": .bool(consent), "company": "Polder Logistics",
                    ]
                ]
            ])
        return answer["leads"]?[0]?["id"]?.string ?? ""
    }

    /// What the CRM shows for a lead, of what we wrote.
    func content(of lead: String) async throws -> [String: JSONValue] {
        let leads = try await administer("content")["leads"]?.array ?? []
        return leads.first { $0["id"]?.string == lead }?["content"]?.object ?? [:]
    }

    /// Puts a job of each stage into the queue, each in a lane of its own.
    func enqueue(_ stages: [String], payload: JSONValue) async throws {
        let found = try await configuration.connection(named: "acme-hubspot")
        guard let found else { return }
        let jobs = stages.map {
            NewJob(
                stage: $0, tenantID: found.tenantID, connectionID: found.id, lane: "test \($0)", payload: payload)
        }
        try await database.pool.transaction { queue.enqueue(jobs, in: $0) }
    }

    /// Makes the queue's waits pass.
    func passTime(_ seconds: TimeInterval) { clock.advance(by: seconds) }

    /// The first row of a query with one column.
    func value<Value: PostgresValue>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> Value? {
        try await database.pool.query(sql).first?.decode(Value.self)
    }

    static func playbook(
        events: [JSONValue] = ["lead.created", "stage.changed"], experiment: JSONValue? = nil,
        quietPeriod: Int64? = nil
    ) -> JSONValue {
        var playbook: [String: JSONValue] = [
            "kind": "playbook", "tenant": "acme", "name": "welcome", "content": "nurture_email",
            "when": ["events": .array(events), "stages": ["lead", "marketingqualifiedlead"]], "valid_for": "P3D",
            "target": "leadwright_nurture_email", "brief": "Say hello.",
            "scaffold": [
                ["part": "subject", "pieces": [["text": "Hello {lead.first_name}"]]],
                [
                    "part": "body",
                    "pieces": [
                        ["text": "{lead.first_name},\n\n"], ["choose": "opening", "variants": ["First.", "Second."]],
                        ["text": "\n\n{voice.cta}\n\n{voice.signature}"],
                    ],
                ],
            ],
        ]
        playbook["experiment"] = experiment
        playbook["quiet_period"] = quietPeriod.map(JSONValue.integer)
        return .object(playbook)
    }

    private static func declarations(sandbox: String, webhook: String, clientID: String) -> JSONValue {
        [
            [
                "kind": "tenant", "name": "acme", "title": "Acme",
                "voice": [
                    "name": "Acme", "language": "en", "rules": ["Plain."], "signature": "The Acme team",
                    "cta": [
                        "lead": "This is for the stage lead.",
                        "marketingqualifiedlead": "This is for the stage marketingqualifiedlead.",
                    ],
                ],
            ],
            [
                "kind": "connection", "tenant": "acme", "name": "acme-hubspot", "system": "hubspot",
                "account": "8112233", "client_id": .string(clientID), "base_url": .string(sandbox),
                "public_url": .string(webhook),
                "stages": ["lead": "lead", "marketingqualifiedlead": "marketingqualifiedlead"],
                "credentials": ["client_secret": ["env": "HS_SECRET"], "access_token": ["env": "HS_TOKEN"]],
            ],
            playbook(),
        ]
    }
}

/// A clock that a test sets forward.
private final class Clock: Sendable {
    private let ahead = Mutex<TimeInterval>(0)
    var now: Date { Date(timeIntervalSinceNow: ahead.withLock { $0 }) }
    func advance(by seconds: TimeInterval) { ahead.withLock { $0 += seconds } }
}

/// Keeps what the worker was told.
final class HeardBudgets: CallBudgetRecorder {
    private let heard = AsyncStream.makeStream(of: [CallBudget].self, bufferingPolicy: .bufferingNewest(1))
    /// The last word on each; waits until there is one.
    var newest: [CallBudget] {
        get async {
            for await budgets in heard.stream { return budgets }
            return []
        }
    }
    func record(budgets: [CallBudget], connection: Int64) async { heard.continuation.yield(budgets) }
}
