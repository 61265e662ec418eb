import Foundation
import JobQueue
import PostgresClient
import TestSupport
import XCTest

/// What the queue says about itself.
final class StatusTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws {
        let fixture = try await QueueFixture.make()
        try await fixture.declare(["acme": "hubspot", "brine": "salesforce"])
        self.fixture = fixture
    }

    override func tearDown() async throws { await fixture?.drop() }

    func testEveryStateIsCountedByTenantAndCRM() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("dies"))
        try await queue.queue.bury(queue.claimOne(), reason: "no")
        try await queue.enqueue(queue.job("runs"))
        _ = try await queue.claimOne()
        try await queue.queue.pause(QueueScope(tenant: "brine"))
        try await queue.enqueue(queue.job("is paused", tenant: 2, connection: 2))
        _ = try await queue.claim()
        try await queue.enqueue(
            queue.job("is ready"), queue.job("is ready"), queue.job("waits", runAt: queue.clock.now + 100),
            queue.job("of a deleted tenant", tenant: 77, connection: 77))
        queue.clock.advance(60)
        let backlog = try await queue.queue.status().backlog
        let lines = backlog.map {
            let age = Int($0.depth.oldest / .seconds(1))
            let whose = "\($0.tenant ?? "-") \($0.system ?? "-")"
            return "\(whose) \($0.depth.stage) \($0.depth.state) \($0.depth.count) \(age)"
        }
        // A dead letter's time is the database's own.
        XCTAssertEqual(
            lines.filter { !$0.contains("dead") },
            [
                "acme hubspot write behind 1 60", "acme hubspot write ready 1 60", "acme hubspot write running 1 60",
                "acme hubspot write waiting 1 0", "brine salesforce write paused 1 60", "- - write ready 1 60",
            ])
        XCTAssertEqual(lines.count { $0.hasPrefix("acme hubspot write dead 1 ") }, 1)
        XCTAssertEqual(backlog.last?.tenantID, 77)
        let depths = try await queue.queue.depths()
        XCTAssertEqual(depths.first { $0.state == "ready" }?.count, 2)
    }

    func testTheTightestLimitOfEachConnectionIsNamed() async throws {
        let queue = try queue
        func observed(_ name: String, _ calls: Int, _ interval: Duration, _ remaining: Int) -> ObservedBudget {
            ObservedBudget(
                name: name, calls: calls, interval: interval, remaining: remaining, observedAt: queue.clock.now)
        }
        try await queue.queue.observe(
            [observed("burst", 100, .seconds(10), 90), observed("daily", 1000, .seconds(86400), 7)], connection: 1)
        try await queue.queue.observe([observed("burst", 100, .seconds(10), 50)], connection: 2)
        let budgets = try await queue.queue.budgets()
        XCTAssertEqual(budgets.map(\.connection), ["acme", "brine"])
        XCTAssertEqual(budgets.map(\.limitedBy), ["daily", "burst"])
        XCTAssertEqual(budgets.map(\.available), [7, 50])
        XCTAssertEqual(budgets.map(\.calls), [1000, 100])
        XCTAssertEqual(budgets.map(\.interval), [.seconds(86400), .seconds(10)])
    }

    func testWhoeverHoldsASnapshotIsNamed() async throws {
        let queue = try queue
        let before = try await queue.queue.oldestSnapshot()
        XCTAssertNil(before)
        let other = try PostgresPool(url: queue.database.url, size: 1, applicationName: "a report")
        let jobQueue = queue.queue
        let held = try await other.transaction { connection in
            try await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _ = try await connection.query("SELECT count(*) FROM jobs")
            return try await jobQueue.status().oldestSnapshot
        }
        await other.close()
        let snapshot = try XCTUnwrap(held)
        XCTAssertEqual(snapshot.holder, "session")
        XCTAssertTrue(snapshot.name.hasPrefix("a report, process "), snapshot.name)
        XCTAssertTrue(snapshot.name.hasSuffix(", idle in transaction"), snapshot.name)
        XCTAssertGreaterThan(try XCTUnwrap(snapshot.age), .zero)
    }

    func testTheTablesThatChangeAreWatched() async throws {
        let tables = try await queue.queue.status().deadTuples.map(\.table)
        XCTAssertEqual(tables, ["call_ledger", "call_limits", "dead_jobs", "jobs", "jobs_behind", "leases"])
    }
}
