import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import JSON
import Sandbox
import Synchronization
import XCTest

/// The stand-ins over real HTTP: a receiver here, a sandbox there.
final class SandboxServerTests: XCTestCase {
    /// Somebody's gateway: keeps what comes in and answers as told.
    private final class Receiver: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        private let refusals: Mutex<Int>
        private let server = Mutex<HTTPServer?>(nil)

        /// Refuses the first so many requests.
        init(refusals: Int = 0) { self.refusals = Mutex(refusals) }

        func start() async throws -> String {
            let server = HTTPServer { [self] request in
                requests.withLock { $0.append(request) }
                let refuses = refusals.withLock { left in
                    defer { left = max(0, left - 1) }
                    return left > 0
                }
                return HTTPResponse(status: refuses ? 503 : 204)
            }
            let port = try await server.start()
            self.server.withLock { $0 = server }
            return "http://127.0.0.1:\(port)/webhooks/acme"
        }

        func stop() async { await server.withLock { $0 }?.stop() }

        var events: [JSONValue] {
            requests.withLock { $0 }.flatMap { (try? JSONValue(parsing: $0.body))?.array ?? [] }
        }
    }

    private let client = HTTPClient()

    override func tearDown() async throws { await client.close() }

    private func settings(_ target: String, _ change: (inout HubSpotSettings) -> Void = { _ in }) -> HubSpotSettings {
        var settings = HubSpotSettings()
        settings.targetURL = target
        settings.delivery.retrySeconds = [0.01, 0.02, 0.04]
        change(&settings)
        return settings
    }

    private func post(_ url: String, _ body: JSONValue) async throws -> JSONValue {
        let response = try await client.send(HTTPRequest("POST", url, body: body.canonicalData), timeout: .seconds(10))
        XCTAssertTrue(response.isSuccess, String(decoding: response.body, as: UTF8.self))
        return try JSONValue(parsing: response.body)
    }

    private func get(_ url: String) async throws -> JSONValue {
        try JSONValue(parsing: try await client.send(HTTPRequest("GET", url), timeout: .seconds(20)).body)
    }

    func testDeliversUntilAcceptedAndSaysWhenItIsIdle() async throws {
        let receiver = Receiver(refusals: 2)
        let sandbox = SandboxServer(HubSpotPortal(settings(try await receiver.start())))
        let address = try await sandbox.start()
        _ = try await post("\(address)/sandbox/leads", ["leads": [["email": "mira@fjord.example"]]])
        let idle = try await get("\(address)/sandbox/idle?timeout_seconds=10")
        XCTAssertEqual(idle["idle"], true)
        XCTAssertEqual(receiver.events.compactMap { $0["attemptNumber"]?.integer }, [0, 1, 2])
        let webhooks = try await get("\(address)/sandbox/statistics")["webhooks"]
        XCTAssertEqual(webhooks?["refused"], 2)
        XCTAssertEqual(webhooks?["accepted"], 1)
        XCTAssertEqual(webhooks?["retries"], 2)
        await sandbox.stop()
        await receiver.stop()
    }

    func testSendsRealDuplicates() async throws {
        let receiver = Receiver()
        let sandbox = SandboxServer(
            HubSpotPortal(settings(try await receiver.start()) { $0.delivery.duplicates = 1 }))
        let address = try await sandbox.start()
        _ = try await post("\(address)/sandbox/leads", ["leads": [["email": "mira@fjord.example"]]])
        let isIdle = await sandbox.waitUntilIdle(within: .seconds(10))
        XCTAssertTrue(isIdle)
        let events = receiver.events
        XCTAssertEqual(events.count, 2)
        XCTAssertEqual(events[0], events[1])
        await sandbox.stop()
        await receiver.stop()
    }

    func testWaitingEndsInTimeWhenNobodyListens() async throws {
        // Port 9 of the loopback address: nothing answers there.
        let sandbox = SandboxServer(
            HubSpotPortal(settings("http://127.0.0.1:9/") { $0.delivery.retrySeconds = [60] }))
        let address = try await sandbox.start()
        _ = try await post("\(address)/sandbox/leads", ["leads": [["email": "mira@fjord.example"]]])
        let idle = try await get("\(address)/sandbox/idle?timeout_seconds=0.2")
        XCTAssertEqual(idle["idle"], false)
        await sandbox.stop()
    }

    func testALostAnswerIsA504ForThePatientAndATimeOutForTheOthers() async throws {
        let sandbox = SandboxServer(HubSpotPortal())
        let address = try await sandbox.start()
        let create = HTTPRequest(
            "POST", "\(address)/crm/v3/objects/contacts",
            headers: ["Authorization": "Bearer pat-sandbox-hubspot-token"],
            body: Data(#"{"properties":{"firstname":"A"}}"#.utf8))
        _ = try await post("\(address)/sandbox/faults", ["lose_answers": 1, "lost_answer_milliseconds": 10])
        let patient = try await client.send(create, timeout: .seconds(10))
        XCTAssertEqual(patient.status, 504)
        _ = try await post("\(address)/sandbox/faults", ["lose_answers": 1, "lost_answer_milliseconds": 60_000])
        do {
            _ = try await client.send(create, timeout: .milliseconds(300))
            XCTFail("the answer was not lost")
        } catch {
            XCTAssertTrue(error.mayHaveReachedServer)
        }
        let count = sandbox.with { $0.contents.count }
        XCTAssertEqual(count, 2, "both writes took effect")
        await sandbox.stop()
    }

    func testRefusesUnknownSettingsByName() async throws {
        let sandbox = SandboxServer(SalesforceOrg())
        let address = try await sandbox.start()
        let request = HTTPRequest(
            "POST", "\(address)/sandbox/configure", body: Data(#"{"delivery":{"retries":1}}"#.utf8))
        let response = try await client.send(request, timeout: .seconds(10))
        XCTAssertEqual(response.status, 400)
        XCTAssertTrue(String(decoding: response.body, as: UTF8.self).contains(#"delivery.retries"#))
        await sandbox.stop()
    }
}
