import Configuration
import Cryptography
import Foundation
import Gateway
import HTTPTypes
import JSON
import JobQueue
import PostgresClient
import Telemetry
import TestSupport

/// A gateway over a fresh database with one HubSpot, one Salesforce and one Zapier connection.
struct GatewayFixture {
    static let clientSecret = "public-fixture-secret"
    static let webhookSecret = "a-long-secret-in-the-address"
    static let apiKey = "zapier-fixture-key"
    static let hubSpotURL = "https://gateway.example.com/webhooks/acme-hubspot"

    let database: TestDatabase
    let gateway: Gateway
    let queue: JobQueue
    let metrics = Metrics()

    init(limits: IntakeLimits = IntakeLimits()) async throws {
        database = try await TestDatabase.make()
        queue = JobQueue(pool: database.pool, worker: "test")
        let configuration = ConfigurationStore(
            pool: database.pool, key: try SealingKey(Data(repeating: 7, count: 32)))
        let file = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID().uuidString).json")
        try Self.declarations.canonicalData.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try await configuration.apply(
            Declarations(
                files: [file.path],
                environment: [
                    "HS_SECRET": Self.clientSecret, "HS_TOKEN": "token", "SF_SECRET": Self.webhookSecret,
                    "ZP_KEY": Self.apiKey,
                ]))
        gateway = Gateway(
            pool: database.pool, configuration: configuration, queue: queue, limits: limits, metrics: metrics,
            log: Log("gateway", write: { _ in }))
    }

    /// A HubSpot delivery, signed as HubSpot signs.
    static func hubSpot(_ body: String, at time: Date = Date(), secret: String = clientSecret) -> HTTPRequest {
        let stamp = String(Int64(time.timeIntervalSince1970 * 1000))
        let signature = MessageAuthentication.hmacSHA256(
            Data("POST\(hubSpotURL)\(body)\(stamp)".utf8), key: Data(secret.utf8))
        return HTTPRequest(
            "POST", "/webhooks/acme-hubspot",
            headers: [
                "Content-Type": "application/json", "X-HubSpot-Request-Timestamp": stamp,
                "X-HubSpot-Signature-v3": signature.base64EncodedString(),
            ], body: Data(body.utf8))
    }

    /// One HubSpot event.
    static func event(_ id: Int, _ fields: String) -> String {
        """
        {"eventId":\(id),"subscriptionId":3101,"portalId":8112233,"appId":445566,"occurredAt":1795100000000,\
        "attemptNumber":0,"changeSource":"CRM_UI",\(fields)}
        """
    }

    /// The creation of a contact, as the only event of a body.
    static func creation(_ id: Int, contact: Int) -> String {
        "[\(event(id, #""subscriptionType":"contact.creation","objectId":\#(contact)"#))]"
    }

    /// The number in the first column of the first row.
    func count(_ sql: SQL) async throws -> Int {
        try await database.pool.query(sql).first?.decode(Int.self) ?? 0
    }

    private static let declarations: JSONValue = [
        [
            "kind": "tenant", "name": "acme", "title": "Acme",
            "voice": [
                "name": "Acme", "language": "en", "rules": ["Plain."], "banned_phrases": [], "signature": "Acme",
            ],
        ],
        [
            "kind": "connection", "tenant": "acme", "name": "acme-hubspot", "system": "hubspot", "account": "8112233",
            "public_url": .string(hubSpotURL), "client_id": "445566", "stages": ["lead": "lead"],
            "credentials": ["client_secret": ["env": "HS_SECRET"], "access_token": ["env": "HS_TOKEN"]],
        ],
        [
            "kind": "connection", "tenant": "acme", "name": "acme-salesforce", "system": "salesforce",
            "account": "00D7Q000000PubLUAS", "base_url": "https://login.salesforce.com",
            "public_url": "https://gateway.example.com/webhooks/acme-salesforce",
            "stages": ["Open - Not Contacted": "lead"], "credentials": ["webhook_secret": ["env": "SF_SECRET"]],
        ],
        [
            "kind": "connection", "tenant": "acme", "name": "acme-zapier", "system": "zapier", "account": "acme-zapier",
            "public_url": "https://gateway.example.com/webhooks/acme-zapier", "stages": ["lead": "lead"],
            "credentials": ["api_key": ["env": "ZP_KEY"]],
        ],
    ]
}
