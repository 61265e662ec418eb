import Foundation
import JobQueue
import PostgresClient
import XCTest

/// Calls to a CRM are reserved when jobs are claimed: a limit postpones, and costs no attempt.
final class CallBudgetTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }
    /// A call for each job.
    private let single = CallCost(calls: 1, jobsPerBatch: 1)

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    private func observe(
        _ name: String, calls: Int, _ interval: Duration, remaining: Int, connection: Int64 = 1
    ) async throws {
        let queue = try queue
        let budget = ObservedBudget(
            name: name, calls: calls, interval: interval, remaining: remaining, observedAt: queue.clock.now)
        try await queue.queue.observe([budget], connection: connection)
    }

    private func enqueue(_ count: Int, connection: Int64 = 1) async throws {
        let queue = try queue
        let jobs = (0..<count).map { queue.job("\(connection)/\($0)", connection: connection) }
        try await queue.pool.transaction { queue.queue.enqueue(jobs, in: $0) }
    }

    private func claim(_ limit: Int, _ cost: CallCost) async throws -> [Job] {
        try await queue.queue.claim(stage: "write", limit: limit, cost: cost)
    }

    func testWhatIsOverTheBudgetWaitsWithoutAnAttemptAndRunsLater() async throws {
        let queue = try queue
        try await observe("burst", calls: 10, .seconds(10), remaining: 4)
        try await enqueue(6)
        let first = try await claim(10, single)
        XCTAssertEqual(first.count, 4)
        let waiting = try await queue.pool.query("SELECT attempt, reason FROM jobs WHERE turn IS NULL")
        XCTAssertEqual(waiting.count, 2)
        for row in waiting {
            let (attempt, reason) = try row.decode(Int.self, String.self)
            XCTAssertEqual(attempt, 0)
            XCTAssertEqual(reason, "the call budget of its connection is used up")
        }
        queue.clock.advance(12)
        let second = try await claim(10, single)
        XCTAssertEqual(second.count, 2)
        XCTAssertEqual(second.map(\.attempt), [1, 1])
    }

    func testReservationsOfOtherClaimsCount() async throws {
        let queue = try queue
        try await observe("burst", calls: 10, .seconds(10), remaining: 10)
        try await enqueue(20)
        let mine = try await claim(6, single)
        let others = try await queue.other.claim(stage: "write", limit: 20, cost: single)
        XCTAssertEqual(mine.count, 6)
        XCTAssertEqual(others.count, 4)
    }

    func testABatchIsOneReservation() async throws {
        try await observe("burst", calls: 10, .seconds(10), remaining: 6)
        try await enqueue(25)
        // Two batches of ten and one of five, at three calls each: the third is over.
        let jobs = try await claim(30, CallCost(calls: 3, jobsPerBatch: 10))
        XCTAssertEqual(jobs.count, 20)
    }

    func testTheTighterLimitCounts() async throws {
        try await observe("burst", calls: 100, .seconds(10), remaining: 100)
        try await observe("daily", calls: 1000, .seconds(86400), remaining: 3)
        try await enqueue(10)
        let jobs = try await claim(10, single)
        XCTAssertEqual(jobs.count, 3)
    }

    func testAnotherConnectionIsNotHeldUpAndAnUnknownOneHasNoLimit() async throws {
        try await observe("burst", calls: 10, .seconds(10), remaining: 0)
        try await enqueue(100, connection: 1)
        try await enqueue(10, connection: 2)
        let jobs = try await claim(10, single)
        XCTAssertEqual(jobs.map(\.connectionID), Array(repeating: 2, count: 10))
    }

    func testWorkWithoutCallsIgnoresBudgets() async throws {
        try await observe("burst", calls: 10, .seconds(10), remaining: 0)
        try await enqueue(3)
        let jobs = try await claim(10, .none)
        XCTAssertEqual(jobs.count, 3)
    }

    func testAnOlderObservationDoesNotReplaceANewerOne() async throws {
        let queue = try queue
        try await observe("burst", calls: 10, .seconds(10), remaining: 2)
        let late = ObservedBudget(
            name: "burst", calls: 10, interval: .seconds(10), remaining: 9, observedAt: queue.clock.now - 1)
        try await queue.queue.observe([late], connection: 1)
        try await enqueue(10)
        let jobs = try await claim(10, single)
        XCTAssertEqual(jobs.count, 2)
    }

    func testALimitThatIsNotNamedAgainStaysAsItWas() async throws {
        let queue = try queue
        try await observe("daily", calls: 1000, .seconds(86400), remaining: 3)
        queue.clock.advance(5)
        try await observe("burst", calls: 100, .seconds(10), remaining: 100)
        queue.clock.advance(5)
        try await observe("burst", calls: 100, .seconds(10), remaining: 99)
        try await enqueue(10)
        let jobs = try await claim(10, single)
        XCTAssertEqual(jobs.count, 3)
        let limits = try await queue.pool.query("SELECT name FROM call_limits ORDER BY name")
        XCTAssertEqual(try limits.map { try $0.decode(String.self) }, ["burst", "daily"])
    }

    /// Calls come twice a minute for an hour: only the last two minutes are kept, and nothing is counted twice or forgotten.
    func testTheLedgerForgetsWhatNoLimitLooksBackTo() async throws {
        let queue = try queue
        for round in 0..<120 {
            try await observe("burst", calls: 10, .seconds(60), remaining: 10)
            for lane in 0..<4 { try await queue.enqueue(queue.job("\(round)/\(lane)")) }
            let jobs = try await claim(4, single)
            XCTAssertEqual(jobs.count, 4)
            try await queue.finish(jobs)
            queue.clock.advance(30)
        }
        let kept = try await queue.pool.query("SELECT at FROM call_ledger").map { try $0.decode(Date.self) }
        XCTAssertLessThanOrEqual(kept.count, 10)
        XCTAssertTrue(kept.allSatisfy { $0 >= queue.clock.now - 150 })
        // Four of ten were reserved in the last minute.
        try await enqueue(20)
        let rest = try await claim(20, single)
        XCTAssertEqual(rest.count, 6)
    }

    func testWhatIsPausedIsParkedAndDoesNotHideTheRest() async throws {
        let queue = try queue
        try await queue.pool.execute("INSERT INTO tenants (name, title) VALUES ('one', 'One'), ('two', 'Two')")
        try await queue.pool.execute("INSERT INTO queue_pauses (tenant_id) VALUES (1)")
        let jobs = (0..<50).map { queue.job("1/\($0)", tenant: 1) } + [queue.job("2/0", tenant: 2)]
        try await queue.pool.transaction { queue.queue.enqueue(jobs, in: $0) }
        let taken = try await queue.claim(10)
        XCTAssertEqual(taken.map(\.tenantID), [2])
        let parked = try await queue.pool.query("SELECT FROM jobs WHERE run_at = 'infinity' AND reason = 'paused'")
        XCTAssertEqual(parked.count, 50)
    }
}
