import Foundation
import Gateway
import HTTPClient
import HTTPServer
import HTTPTypes
import JobQueue
import PostgresClient
import TestSupport
import XCTest

final class HealthTests: XCTestCase {
    func testMetricsShowTheQueueAndTheProcess() async throws {
        let fixture = try await GatewayFixture()
        let event = GatewayFixture.event(1, #""subscriptionType":"contact.creation","objectId":151"#)
        _ = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[\(event)]"))
        let connection = try await fixture.count("SELECT id FROM connections WHERE name = 'acme-hubspot'")
        try await fixture.queue.observe(
            [ObservedBudget(name: "daily", calls: 1000, interval: .seconds(86400), remaining: 7, observedAt: Date())],
            connection: Int64(connection))
        try await fixture.queue.pause(QueueScope(tenant: "acme"))
        let page = await fixture.gateway.respond(to: HTTPRequest("GET", "/metrics"))
        let text = String(decoding: page.body, as: UTF8.self)
        for line in [
            #"leadwright_jobs{stage="understand",state="ready"} 1"#, "leadwright_pauses 1",
            #"leadwright_calls_left{connection="acme-hubspot",limit="daily"} 7"#,
            #"leadwright_dead_tuples{table="jobs"} "#, "leadwright_oldest_snapshot_seconds 0",
            "leadwright_oldest_snapshot_transactions 0", "leadwright_database_up 1",
            #"leadwright_events_total{connection="acme-hubspot",seen="first"} 1"#,
            "# TYPE leadwright_http_request_duration_seconds histogram",
        ] { XCTAssertTrue(text.contains(line), "\(line) is not in\n\(text)") }
        await fixture.database.drop()
    }

    /// Over real HTTP: too large a body, and a database that goes away and comes back.
    func testWhileTheDatabaseIsAwayDeliveriesAreRefusedWith503AndThenTaken() async throws {
        let fixture = try await GatewayFixture()
        let gateway = fixture.gateway
        let server = HTTPServer { await gateway.respond(to: $0) }
        let port = try await server.start()
        let client = HTTPClient()
        func send(_ request: HTTPRequest) async throws -> Int {
            var request = request
            request.target = "http://127.0.0.1:\(port)\(request.target)"
            return try await client.send(request).status
        }
        let large = String(repeating: " ", count: 1 << 20) + "[]"
        let tooLarge = try await send(GatewayFixture.hubSpot(large))
        XCTAssertEqual(tooLarge, 413)

        let event = GatewayFixture.event(1, #""subscriptionType":"contact.creation","objectId":151"#)
        let ready = try await send(HTTPRequest("GET", "/readyz"))
        XCTAssertEqual(ready, 200)
        try await fixture.database.disconnect()
        let unready = try await send(HTTPRequest("GET", "/readyz"))
        let refused = try await send(GatewayFixture.hubSpot("[\(event)]"))
        let alive = try await send(HTTPRequest("GET", "/healthz"))
        XCTAssertEqual([unready, refused, alive], [503, 503, 200])
        try await fixture.database.reconnect()
        let taken = try await send(GatewayFixture.hubSpot("[\(event)]"))
        XCTAssertTrue((200..<300).contains(taken), "\(taken)")
        let jobs = try await fixture.count("SELECT count(*) FROM jobs")
        XCTAssertEqual(jobs, 1)
        await server.stop()
        await client.close()
        await fixture.database.drop()
    }
}
