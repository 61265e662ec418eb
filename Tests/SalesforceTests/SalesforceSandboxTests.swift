import CRM
import ConnectorTesting
import Cryptography
import Foundation
import HTTPClient
import HTTPTypes
import Salesforce
import JSON
import Sandbox
import XCTest

/// Connector and webhooks against the stand-in that keeps Salesforce's contract as others read it.
final class SalesforceSandboxTests: XCTestCase {
    private func start(_ settings: SalesforceSettings) async throws
        -> (SandboxServer<SalesforceOrg>, SalesforceConnector)
    {
        let key = try RSAPrivateKey.generate()
        let privateKey = try key.privatePEM
        var settings = settings
        settings.publicKey = try key.publicPEM
        let sandbox = SandboxServer(SalesforceOrg(settings))
        let address = try await sandbox.start()
        let client = HTTPClient()
        addTeardownBlock {
            await sandbox.stop()
            await client.close()
        }
        let connection = ConnectionSettings(
            name: "fjord", system: .salesforce, account: settings.organizationID, baseURL: address, publicURL: "",
            stages: ["Working - Contacted": .marketingqualifiedlead], options: ["username": settings.username])
        return (
            sandbox,
            SalesforceConnector(
                connection: connection,
                credentials: Credentials(["consumer_key": settings.consumerKey, "private_key": privateKey]),
                client: client)
        )
    }

    private func create(_ count: Int, in sandbox: SandboxServer<SalesforceOrg>) throws -> [LeadIdentity] {
        try (0..<count).map { number in
            let person: JSONValue = [
                "first_name": .string("Lead \(number)"), "email": .string("lead\(number)@fjord.example"),
                "company": "Fjord & Fell",
                "stage": "Working - Contacted", "consent": .bool(number != 1),
            ]
            let lead = try NewLead(parsingJSON: person.canonicalData)
            let id = try sandbox.with { try $0.create(lead, now: Date()) }
            return LeadIdentity(
                system: .salesforce, account: SalesforceSettings().organizationID, objectType: "Lead", objectID: id)
        }
    }

    private func intent(_ lead: LeadIdentity) -> WriteIntent {
        WriteIntent(
            id: "generation-\(lead.objectID)", lead: lead, target: "Leadwright_Content__c",
            content: ["subject": "A quieter rollout", "body": "Hello,\nÅsa – 東 😀"], kind: "nurture_email",
            stage: .marketingqualifiedlead, generatedAt: Date(timeIntervalSince1970: 1_795_100_000))
    }

    func testSetUpReadWriteAndReadBack() async throws {
        let (sandbox, connector) = try await start(SalesforceSettings())
        let steps = try await connector.connect()
        XCTAssertEqual(steps.filter { $0.state == .missing }, [])
        let leads = try create(230, in: sandbox)
        let readings = try await connector.read(leads, known: [:])
        guard case .found(let granted)? = readings[leads[0]], case .found(let refused)? = readings[leads[1]] else {
            return XCTFail("both must be found")
        }
        XCTAssertEqual(granted.fields["company"], "Fjord & Fell")
        XCTAssertEqual(granted.stage, .marketingqualifiedlead)
        XCTAssertEqual(granted.consent, .granted)
        XCTAssertEqual(refused.consent, .refused("HasOptedOutOfEmail"))
        let intents = leads.map(intent)
        let first = try await connector.write(intents)
        let again = try await connector.write(intents)
        XCTAssertEqual(Set(first.map(\.summary)), ["written"])
        XCTAssertEqual(first.map(\.receipt), again.map(\.receipt), "writing twice writes one record")
        let found = try await connector.readBack(intents)
        XCTAssertEqual(found.count { if case .present = $0 { true } else { false } }, 230)
    }

    func testItsMessagesAreAuthenticAndUnderstood() async throws {
        let acknowledge = SalesforceWebhooks(
            connection: ConnectionSettings(
                name: "fjord", system: .salesforce, account: SalesforceSettings().organizationID, publicURL: ""),
            credentials: Credentials(["webhook_secret": "long-random-text"]))
        let gateway = try await ScriptedServer.start { request, _ in
            let delivery = Delivery(
                method: request.method, uri: request.target, headers: request.headers, body: request.body,
                receivedAt: Date())
            guard acknowledge.verify(delivery) == .authentic else { return HTTPResponse(status: 401) }
            return (try? acknowledge.parse(delivery)).map(acknowledge.acknowledgement) ?? HTTPResponse(status: 400)
        }
        addTeardownBlock { await gateway.stop() }
        var settings = SalesforceSettings()
        settings.targetURL = "\(gateway.url)/webhooks/fjord/long-random-text"
        let (sandbox, connector) = try await start(settings)
        let leads = try create(2, in: sandbox)
        try sandbox.with { try $0.changeStage(of: leads[0].objectID, to: "Closed - Not Converted", now: Date()) }
        try sandbox.with { try $0.optOut(leads[0].objectID, now: Date()) }
        try sandbox.with {
            var reaction = Reaction()
            reaction.won = true
            try $0.apply(reaction, to: leads[1].objectID, now: Date())
        }
        let isIdle = await sandbox.waitUntilIdle(within: .seconds(10))
        XCTAssertTrue(isIdle, "every message must be acknowledged")
        var events: [CRMEvent] = []
        for request in gateway.requests {
            events += try acknowledge.parse(
                Delivery(
                    method: "POST", uri: "", headers: request.headers, body: request.body, receivedAt: Date()))
        }
        XCTAssertFalse(events.contains { $0.kind == .unknown && $0.lead != nil }, "\(events)")
        XCTAssertTrue(
            Set(events.map(\.kind)).isSuperset(of: [.stageChanged, .unsubscribed, .dealWon]), "\(events.map(\.kind))")
        let won = try XCTUnwrap(events.first { $0.kind == .dealWon })
        XCTAssertTrue(won.needsLookup)
        let people = try await connector.resolve(won)
        XCTAssertFalse(people.isEmpty)
    }

    /// The org reports what we wrote, and names us.
    func testOurOwnWritesAreMarked() async throws {
        let gateway = try await ScriptedServer.start { _, _ in
            HTTPResponse(status: 200, contentType: "application/json", text: "{}")
        }
        addTeardownBlock { await gateway.stop() }
        var settings = SalesforceSettings()
        settings.targetURL = gateway.url
        settings.channels.leadCreated = []
        settings.changeEvents = ["Leadwright_Content__c", "Lead"]
        let (sandbox, connector) = try await start(settings)
        let leads = try create(3, in: sandbox)
        _ = await sandbox.waitUntilIdle(within: .seconds(10))
        let before = gateway.requests.count
        let outcomes = try await connector.write(leads.map(intent))
        XCTAssertEqual(Set(outcomes.map(\.summary)), ["written"])
        let isIdle = await sandbox.waitUntilIdle(within: .seconds(10))
        XCTAssertTrue(isIdle)
        let webhooks = SalesforceWebhooks(connection: connector.connection, credentials: Credentials([:]))
        let events = try gateway.requests.dropFirst(before).flatMap { request in
            try webhooks.parse(
                Delivery(method: "POST", uri: "", headers: request.headers, body: request.body, receivedAt: Date()))
        }
        XCTAssertGreaterThanOrEqual(events.count, 3)
        XCTAssertTrue(events.allSatisfy(\.causedByUs), "\(events)")
    }
}
