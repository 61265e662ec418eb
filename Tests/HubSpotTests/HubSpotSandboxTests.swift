import CRM
import ConnectorTesting
import Foundation
import HTTPClient
import HTTPTypes
import HubSpot
import JSON
import Sandbox
import XCTest

/// Connector and webhooks against the stand-in that keeps HubSpot's contract as others read it.
final class HubSpotSandboxTests: XCTestCase {
    private static let target = ContentTarget(name: "leadwright_nurture_email", parts: ["subject", "body"])

    private func start(_ settings: HubSpotSettings = HubSpotSettings()) async throws
        -> (SandboxServer<HubSpotPortal>, HubSpotConnector)
    {
        let sandbox = SandboxServer(HubSpotPortal(settings))
        let address = try await sandbox.start()
        let client = HTTPClient()
        addTeardownBlock {
            await sandbox.stop()
            await client.close()
        }
        let connector = HubSpotConnector(
            connection: connection(baseURL: address), credentials: Credentials(["access_token": settings.accessToken]),
            client: client, targets: [Self.target])
        return (sandbox, connector)
    }

    private func connection(baseURL: String?, publicURL: String = "") -> ConnectionSettings {
        ConnectionSettings(
            name: "acme", system: .hubspot, account: "8112233", baseURL: baseURL, publicURL: publicURL,
            clientID: "445566")
    }

    private func create(_ count: Int, in sandbox: SandboxServer<HubSpotPortal>) throws -> [LeadIdentity] {
        try (0..<count).map { number in
            let person: JSONValue = [
                "first_name": .string("Lead \(number)"), "email": .string("lead\(number)@fjord.example"),
                "stage": "marketingqualifiedlead", "consent": .bool(number != 1),
            ]
            let lead = try NewLead(parsingJSON: person.canonicalData)
            let id = try sandbox.with { try $0.create(lead, now: Date()) }
            return LeadIdentity(system: .hubspot, account: "8112233", objectType: "contact", objectID: id)
        }
    }

    private func intent(_ lead: LeadIdentity, target: String = HubSpotSandboxTests.target.name) -> WriteIntent {
        WriteIntent(
            id: "generation-\(lead.objectID)", lead: lead, target: target,
            content: ["subject": "A quieter rollout", "body": "Hello,\nÅsa – 東 😀"], kind: "nurture_email",
            stage: .marketingqualifiedlead, generatedAt: Date(timeIntervalSince1970: 1_795_100_000))
    }

    func testSetUpReadWriteAndReadBack() async throws {
        let (sandbox, connector) = try await start()
        let created = try await connector.connect()
        XCTAssertEqual(Set(created.map(\.state)), [.created])
        let present = try await connector.connect()
        XCTAssertEqual(Set(present.map(\.state)), [.present])

        let leads = try create(120, in: sandbox)
        let readings = try await connector.read(leads, known: [:])
        guard case .found(let first)? = readings[leads[0]], case .found(let second)? = readings[leads[1]] else {
            return XCTFail("both must be found")
        }
        XCTAssertEqual(first.fields["first_name"], "Lead 0")
        XCTAssertEqual(first.stage, .marketingqualifiedlead)
        XCTAssertEqual(first.consent, .granted)
        XCTAssertEqual(second.consent, .refused("hs_email_optout"))

        let ghost = LeadIdentity(system: .hubspot, account: "8112233", objectType: "contact", objectID: "999999999")
        let intents = leads.map { intent($0) } + [intent(ghost), intent(leads[5], target: "undeclared")]
        let before = try await connector.readBack(intents)
        XCTAssertEqual(Set(before), [.absent])
        let outcomes = try await connector.write(intents)
        XCTAssertEqual(
            outcomes.map(\.summary), Array(repeating: "written", count: 120) + ["not_found", "rejected"])
        let after = try await connector.readBack(Array(intents.prefix(120)))
        XCTAssertEqual(after.count { if case .present = $0 { true } else { false } }, 120)
    }

    func testALostAnswerIsFoundByReadingBack() async throws {
        let (sandbox, connector) = try await start()
        _ = try await connector.connect()
        let leads = try create(3, in: sandbox)
        sandbox.with { $0.faults.loseAnswers = 1 }
        sandbox.with { $0.faults.lostAnswerMilliseconds = 10 }
        let outcomes = try await connector.write(leads.map { intent($0) })
        XCTAssertEqual(Set(outcomes.map(\.summary)), ["unavailable"], "a gateway's 504")
        let found = try await connector.readBack(leads.map { intent($0) })
        XCTAssertEqual(found.count { if case .present = $0 { true } else { false } }, 3)
    }

    /// The sandbox signs and composes by itself; the reader must accept and understand every delivery.
    func testItsWebhooksAreAuthenticAndUnderstood() async throws {
        let gateway = try await ScriptedServer.start { _, _ in HTTPResponse(status: 200) }
        addTeardownBlock { await gateway.stop() }
        var settings = HubSpotSettings()
        settings.targetURL = "\(gateway.url)/webhooks/acme"
        let (sandbox, connector) = try await start(settings)
        _ = try await connector.connect()
        let leads = try create(2, in: sandbox)
        try sandbox.with { try $0.changeStage(of: leads[0].objectID, to: "customer", now: Date()) }
        try sandbox.with { try $0.optOut(leads[0].objectID, now: Date()) }
        let isIdle = await sandbox.waitUntilIdle(within: .seconds(10))
        XCTAssertTrue(isIdle)

        let reader = HubSpotWebhooks(
            connection: connection(baseURL: nil), credentials: Credentials(["client_secret": settings.clientSecret]))
        var kinds: Set<EventKind> = []
        for request in gateway.requests {
            let delivery = Delivery(
                method: request.method, uri: gateway.url + request.target, headers: request.headers,
                body: request.body, receivedAt: Date())
            XCTAssertEqual(reader.verify(delivery), .authentic)
            for event in try reader.parse(delivery) {
                kinds.insert(event.kind)
                XCTAssertTrue(leads.contains { $0 == event.lead }, "\(event)")
            }
        }
        XCTAssertTrue(kinds.isSuperset(of: [.leadCreated, .stageChanged, .unsubscribed]), "\(kinds)")
    }
}
