import CRM
import ConnectorTesting
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import XCTest
import Zapier

final class ZapierConnectorTests: XCTestCase {
    private final class Hooks: HookDirectory {
        let live: Mutex<[HookSubscription]>
        let gone = Mutex<[String]>([])

        init(_ live: [HookSubscription]) { self.live = Mutex(live) }

        func hooks(connection: String, event: String) async throws -> [HookSubscription] {
            XCTAssertEqual(connection, "acme")
            XCTAssertEqual(event, "lead.content_ready")
            return live.withLock { $0 }
        }

        func markGone(_ hook: HookSubscription) async throws {
            gone.withLock { $0.append(hook.id) }
            live.withLock { $0.removeAll { $0.id == hook.id } }
        }
    }

    private struct Account {
        let server: ScriptedServer
        let hooks: Hooks
        let connector: ZapierConnector
    }

    private func start(
        paths: [String] = ["/a"], filters: [String: String] = [:], options: [String: String] = [:],
        timeout: Duration = .seconds(20), _ script: @escaping @Sendable (HTTPRequest, Int) -> HTTPResponse?
    ) async throws -> Account {
        let server = try await ScriptedServer.start(script)
        let client = HTTPClient()
        addTeardownBlock {
            await server.stop()
            await client.close()
        }
        let hooks = Hooks(
            paths.map { HookSubscription(id: $0, url: $0.hasPrefix("/") ? server.url + $0 : $0, filters: filters) })
        let settings = ConnectionSettings(
            name: "acme", system: .zapier, account: "acme", publicURL: "",
            stages: ["MQL": .marketingqualifiedlead], fields: ["size": "shoe_size"],
            options: ["allow_insecure_hosts": "127.0.0.1"].merging(options) { $1 })
        return Account(
            server: server, hooks: hooks,
            connector: ZapierConnector(
                connection: settings, credentials: Credentials([:]), client: client, hooks: hooks,
                targets: [ContentTarget(name: "lead.content_ready", parts: [])], timeout: timeout))
    }

    private static let accepted = HTTPResponse.json(200, ["status": "success", "request_id": "req-1", "id": "id-1"])
    private static let lead = LeadIdentity(
        system: .zapier, account: "acme", objectType: "lead", objectID: "mira@fjord.example")
    private static let intent = WriteIntent(
        id: "evt_lead_151_1795100000000", lead: lead, target: "lead.content_ready",
        content: ["subject": "A quieter rollout", "body": "…"], kind: "nurture_email", stage: .marketingqualifiedlead,
        generatedAt: Date(timeIntervalSince1970: 1_795_075_200))

    private func summary(_ outcomes: [WriteOutcome]) -> [String] {
        outcomes.map { outcome in
            switch outcome {
            case .written(let location, let receipt): "\(location) \(receipt ?? "")"
            case .failed(let error): error.code.rawValue
            }
        }
    }

    // MARK: Writing

    /// The fixture's shape, with our own key for the lead and the kind besides.
    func testDelivery() async throws {
        let account = try await start { _, _ in Self.accepted }
        let outcomes = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(outcomes), ["lead.content_ready: 1 hook req-1"])
        let body = try XCTUnwrap(account.server.bodies(of: "/a").first?.object)
        var expected = try XCTUnwrap(Fixture.json("hook-delivery.json").object)
        expected["lead"] = [
            "id": "zapier:acme:mira@fjord.example", "email": "mira@fjord.example", "stage": "marketingqualifiedlead",
        ]
        expected["kind"] = "nurture_email"
        expected["occurred_at"] = "2026-11-19T08:00:00Z"
        XCTAssertEqual(body, expected)
        XCTAssertEqual(account.server.requests[0].headers["Content-Type"], "application/json")
        let found = try await account.connector.readBack([Self.intent])
        XCTAssertEqual(found, [.unsupported])
    }

    func testAGoneHookIsEndedAndMissesNothing() async throws {
        let account = try await start(paths: ["/a", "/b"]) { request, _ in
            request.path == "/a" ? HTTPResponse(status: 410) : Self.accepted
        }
        let both = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(both), ["lead.content_ready: 1 hook req-1"])
        XCTAssertEqual(account.hooks.gone.withLock { $0 }, ["/a"])

        let alone = try await start { _, _ in HTTPResponse(status: 410) }
        let outcomes = try await alone.connector.write([Self.intent])
        XCTAssertEqual(summary(outcomes), ["receiver_gone"])
        let again = try await alone.connector.write([Self.intent])
        XCTAssertEqual(summary(again), ["misconfigured"], "nobody listens any more")
    }

    func testFailuresBySort() async throws {
        for (status, code, remedy) in [
            (404, CRMError.Code.unavailable, CRMError.Remedy.retry), (413, .rejected, .giveUp),
            (429, .rateLimited, .postpone(.seconds(10))), (500, .unavailable, .retry),
            (302, .malformedAnswer, .retry),
        ] {
            let account = try await start { _, _ in HTTPResponse(status: status) }
            let outcomes = try await account.connector.write([Self.intent])
            guard case .failed(let error)? = outcomes.first else { return XCTFail("\(status) must fail") }
            XCTAssertEqual(error.code, code, "\(status)")
            XCTAssertEqual(error.remedy, remedy, "\(status)")
        }
    }

    func testRetryAfterIsFollowed() async throws {
        let account = try await start { _, _ in HTTPResponse(status: 429, headers: ["Retry-After": "42"]) }
        let outcomes = try await account.connector.write([Self.intent])
        guard case .failed(let error)? = outcomes.first else { return XCTFail("must fail") }
        XCTAssertEqual(error.remedy, .postpone(.seconds(42)))
    }

    /// One Zap took the text, another was down: the second attempt must not start the first Zap again.
    func testOnlyTheHookThatFailedIsTriedAgain() async throws {
        let account = try await start(paths: ["/a", "/b"]) { request, number in
            request.path == "/b" && number < 2 ? HTTPResponse(status: 503) : Self.accepted
        }
        let first = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(first), ["unavailable"])
        let second = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(second), ["lead.content_ready: 2 hooks req-1"])
        XCTAssertEqual(account.server.requests.map(\.path), ["/a", "/b", "/b"])
    }

    func testALostAnswerIsUnknown() async throws {
        let account = try await start(timeout: .milliseconds(300)) { _, _ in nil }
        let outcomes = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(outcomes), ["unknown_result"])
    }

    func testFiltersAndFixedHook() async throws {
        let account = try await start(filters: ["stage": "customer"]) { _, _ in Self.accepted }
        let unwanted = try await account.connector.write([Self.intent])
        XCTAssertEqual(summary(unwanted), ["misconfigured"])
        XCTAssertTrue(account.server.requests.isEmpty)
        let wanted = try await start(filters: ["stage": "marketingqualifiedlead", "other": "x"]) { _, _ in Self.accepted
        }
        let outcomes = try await wanted.connector.write([Self.intent])
        XCTAssertEqual(summary(outcomes), ["lead.content_ready: 1 hook req-1"])
    }

    // MARK: Addresses

    func testOnlyZapierIsPostedTo() async throws {
        for (url, options, isAllowed) in [
            ("https://hooks.zapier.com/hooks/standard/1/a/", [:], true),
            ("https://HOOKS.zapier.com:443/hooks/", [:], true), ("http://hooks.zapier.com/hooks/", [:], false),
            ("https://hooks.zapier.com.evil.example/", [:], false),
            ("https://hooks.zapier.com@evil.example/", [:], false),
            ("https://169.254.169.254/latest/", [:], false), ("https://hooks.zapier.com:8443/", [:], false),
            ("ftp://hooks.zapier.com/", [:], false), ("hooks.zapier.com", [:], false), ("", [:], false),
            ("https://n8n.acme.example/webhook", ["allow_hosts": "hooks.zapier.com, n8n.acme.example"], true),
            ("https://hooks.zapier.com/", ["allow_hosts": "n8n.acme.example"], false),
            ("http://127.0.0.1:8080/", ["allow_insecure_hosts": "127.0.0.1:8080"], true),
            ("http://127.0.0.1:8081/", ["allow_insecure_hosts": "127.0.0.1:8080"], false),
        ] as [(String, [String: String], Bool)] {
            let account = try await start(
                paths: [url], options: ["allow_insecure_hosts": ""].merging(options) { $1 }
            ) { _, _ in nil }
            let steps = try await account.connector.connect()
            XCTAssertEqual(steps.map(\.state), [isAllowed ? .present : .missing], url)
            guard !isAllowed else { continue }
            let outcomes = try await account.connector.write([Self.intent])
            XCTAssertEqual(summary(outcomes), ["misconfigured"], url)
        }
    }

    func testConnectSaysWhenNobodyListens() async throws {
        let account = try await start(paths: []) { _, _ in nil }
        let none = try await account.connector.connect()
        XCTAssertEqual(none.map(\.state), [.missing])
        let fixed = try await start(paths: [], options: ["hook_url": "https://hooks.zapier.com/hooks/catch/1/a/"]) {
            _, _ in nil
        }
        let steps = try await fixed.connector.connect()
        XCTAssertEqual(steps.map(\.state), [.present])
    }

    // MARK: Reading

    private func read(_ known: [String: String]?, options: [String: String] = [:]) async throws -> LeadReading? {
        let account = try await start(options: options) { _, _ in nil }
        return try await account.connector.read([Self.lead], known: known.map { [Self.lead: $0] } ?? [:])[Self.lead]
    }

    func testALeadIsWhatItsZapsSaid() async throws {
        let reading = try await read([
            "first_name": "Mira", "lead__company": "Fjord & Fell", "shoe_size": "38", "stage": "MQL",
            "opted_out": "False", "note": "second try",
        ])
        XCTAssertEqual(
            reading,
            .found(
                LeadRecord(
                    identity: Self.lead,
                    fields: [
                        "first_name": "Mira", "company": "Fjord & Fell", "size": "38", "email": "mira@fjord.example",
                    ], stage: .marketingqualifiedlead, nativeStage: "MQL", consent: .granted)))
        let unknown = try await read(nil)
        XCTAssertEqual(unknown, .gone)
    }

    func testConsent() async throws {
        for (known, options, expected) in [
            (["opted_out": "True"], [:], Consent.refused("opted_out")), (["opted_out": "0"], [:], .granted),
            (["first_name": "Mira"], ["consent": "assumed"], .granted),
            (["opted_out": "yes"], ["consent": "assumed"], .refused("opted_out")),
        ] as [([String: String], [String: String], Consent)] {
            guard case .found(let record)? = try await read(known, options: options) else {
                return XCTFail("must be found")
            }
            XCTAssertEqual(record.consent, expected, "\(known)")
        }
        for known in [["first_name": "Mira"], ["opted_out": "perhaps"]] {
            guard case .found(let record)? = try await read(known), case .unknown = record.consent else {
                return XCTFail("must be unknown")
            }
        }
    }
}
