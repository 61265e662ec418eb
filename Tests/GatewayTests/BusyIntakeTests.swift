import Foundation
import Gateway
import HTTPTypes
import JSON
import JobQueue
import PostgresClient
import Telemetry
import TestSupport
import XCTest

/// Deliveries that arrive while others are being stored.
final class BusyIntakeTests: XCTestCase {
    private typealias Answer = (number: Int, response: HTTPResponse)

    func testBeyondItsPlacesDeliveriesAreRefusedAtOnceAndLoseNothing() async throws {
        let (sent, places) = (20, 8)
        let fixture = try await GatewayFixture(limits: IntakeLimits(requests: places))
        // Read once, so that a refusal knows whose delivery it is.
        _ = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[]"))
        let stall = await StalledDatabase(fixture.database.pool)
        let (refused, stored) = try await withThrowingTaskGroup(of: Answer.self) { group in
            for number in 0..<sent {
                let request = GatewayFixture.hubSpot(GatewayFixture.creation(number, contact: number))
                group.addTask { (number, await fixture.gateway.respond(to: request)) }
            }
            // While nothing can be stored, these are all the answers there are.
            var refused: [Int] = []
            for _ in 0..<sent - places {
                guard let (number, response) = try await group.next() else { break }
                XCTAssertEqual(response.status, 503)
                XCTAssertNil(response.headers["Retry-After"], "HubSpot's workflows take it for milliseconds")
                refused.append(number)
            }
            try await stall.end()
            var stored: [Int] = []
            for try await (number, response) in group {
                XCTAssertEqual(response.status, 200)
                stored.append(number)
            }
            return (refused, stored)
        }
        let rows = try await fixture.database.pool.query("SELECT object_id::integer FROM events ORDER BY 1")
        XCTAssertEqual(try rows.map { row in try row.decode(Int.self) }, stored.sorted())
        let counted = #"leadwright_deliveries_refused_total{connection="acme-hubspot",reason="overload"} 12"#
        XCTAssertTrue(fixture.metrics.rendered().contains(counted), fixture.metrics.rendered())
        // They come again, and are new.
        for number in refused {
            let again = GatewayFixture.hubSpot(GatewayFixture.creation(number, contact: number))
            let response = await fixture.gateway.respond(to: again)
            XCTAssertEqual(response.status, 200)
        }
        let events = try await fixture.count("SELECT count(*) FROM events")
        XCTAssertEqual(events, sent)
        await fixture.database.drop()
    }

    func testZapierIsAskedForAnotherTryInTheOneWayItUnderstands() async throws {
        let fixture = try await GatewayFixture(limits: IntakeLimits(requests: 1))
        func zap(_ id: Int) -> HTTPRequest {
            HTTPRequest(
                "POST", "/webhooks/acme-zapier",
                headers: ["Content-Type": "application/json", "X-API-Key": GatewayFixture.apiKey],
                body: Data(#"{"id":"\#(id)","event":"lead.created","email":"mira@fjord.example"}"#.utf8))
        }
        let first = await fixture.gateway.respond(to: zap(1))
        XCTAssertEqual(first.status, 200, String(decoding: first.body, as: UTF8.self))
        let stall = await StalledDatabase(fixture.database.pool)
        let statuses = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
            for id in 2...3 { group.addTask { await fixture.gateway.respond(to: zap(id)) } }
            let refusal = try await group.next()
            XCTAssertEqual(refusal?.headers["Retry-After"], "5")
            try await stall.end()
            return [refusal?.status, try await group.next()?.status]
        }
        XCTAssertEqual(statuses, [429, 200])
        await fixture.database.drop()
    }

    func testDeliveriesStoredTogetherCountAnEventOnceAndForTheFirst() async throws {
        let places = 64
        let fixture = try await GatewayFixture(limits: IntakeLimits(requests: places))
        let stall = await StalledDatabase(fixture.database.pool)
        // Each event comes in four deliveries, and the refusal of one more says that all the others are in.
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0...places {
                let request = GatewayFixture.hubSpot(GatewayFixture.creation(number % 16, contact: number % 16))
                group.addTask { await fixture.gateway.respond(to: request).status }
            }
            let refusal = try await group.next()
            XCTAssertEqual(refusal, 503)
            try await stall.end()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(statuses, Array(repeating: 200, count: places))
        let counts = try await fixture.database.pool.query(
            """
            SELECT (SELECT count(*) FROM deliveries), (SELECT sum(events) FROM deliveries),
                   (SELECT sum(duplicates) FROM deliveries), (SELECT count(*) FROM events),
                   (SELECT count(*) FROM events JOIN deliveries ON deliveries.id = delivery_id
                    WHERE duplicates = 0
                    AND delivery_id = (SELECT min(id) FROM deliveries AS same WHERE same.body = deliveries.body))
            """)
        let (deliveries, events, duplicates, stored, firsts) = try XCTUnwrap(counts.first).decode(
            Int.self, Int.self, Int.self, Int.self, Int.self)
        XCTAssertEqual([deliveries, events, duplicates, stored, firsts], [places, places, 48, 16, 16])
        let jobs = try await fixture.queue.claim(stage: "understand", limit: 100)
        XCTAssertEqual(jobs.count, 16)
        let commits = try XCTUnwrap(
            fixture.metrics.rendered().split(separator: "\n").first {
                $0.hasPrefix("leadwright_delivery_commits_total ")
            }.flatMap { $0.split(separator: " ").last.flatMap { Int($0) } })
        XCTAssertLessThan(commits, places / 4, "what waited must share transactions")
        await fixture.database.drop()
    }

    func testADeliveryThatPostgresRefusesDoesNotCostItsNeighbours() async throws {
        let fixture = try await GatewayFixture(limits: IntakeLimits(requests: 9))
        let stall = await StalledDatabase(fixture.database.pool)
        // Part of the event's key, and more than an index entry holds also when it is compressed.
        let name = Data((0..<12000).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
        let property = #""subscriptionType":"contact.propertyChange","objectId":99,"propertyName":"\#(name)""#
        // Two, so that one of them is in whichever of the ten finds no place.
        let bad: Set = [4, 7]
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for number in 0..<10 {
                let body =
                    bad.contains(number)
                    ? "[\(GatewayFixture.event(number, property))]"
                    : GatewayFixture.creation(number, contact: number)
                group.addTask { (number, await fixture.gateway.respond(to: GatewayFixture.hubSpot(body))) }
            }
            let refusal = try await group.next()
            XCTAssertEqual(refusal?.response.status, 503, "nine are in")
            try await stall.end()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, response) in answers {
            XCTAssertEqual(response.status, bad.contains(number) ? 422 : 200, "\(number)")
        }
        let stored = try await fixture.count("SELECT count(*) FROM events")
        XCTAssertEqual(stored, answers.count { !bad.contains($0.number) })
        await fixture.database.drop()
    }

    func testTheEventsOfOneLeadKeepTheirOrder() async throws {
        let (leads, changes) = (8, 12)
        let fixture = try await GatewayFixture()
        await withTaskGroup { group in
            for lead in 0..<leads {
                group.addTask {
                    for change in 0..<changes {
                        let property = #""objectId":\#(lead),"propertyName":"p","propertyValue":"\#(change)""#
                        let event = GatewayFixture.event(
                            change, #""subscriptionType":"contact.propertyChange",\#(property)"#)
                        let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[\(event)]"))
                        XCTAssertEqual(response.status, 200)
                    }
                }
            }
        }
        for change in 0..<changes {
            let jobs = try await fixture.queue.claim(stage: "understand", limit: 100)
            let rows = try await fixture.database.pool.query(
                "SELECT body->>'value' FROM events WHERE id = ANY($1)",
                [jobs.compactMap { $0.payload["event"]?.integer }])
            XCTAssertEqual(
                try rows.map { try $0.decode(String.self) }, Array(repeating: "\(change)", count: leads))
            let queue = fixture.queue
            try await fixture.database.pool.transaction { try await queue.finish(jobs, in: $0) }
        }
        await fixture.database.drop()
    }
}
