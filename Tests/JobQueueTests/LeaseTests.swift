import Foundation
import JobQueue
import PostgresClient
import XCTest

/// A job is held while a lease names it.
final class LeaseTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    private func leases() async throws -> Int {
        try await queue.pool.query("SELECT count(*) FROM leases").first?.decode(Int.self) ?? 0
    }

    func testLeasesAreForgottenByLaterClaimsAndTheNewestStaysAsTheClock() async throws {
        let queue = try queue
        for number in 0..<6 {
            try await queue.enqueue(queue.job("a\(number)"), queue.job("b\(number)"))
            // One after the other, as the stages of a lead end them.
            for job in try await queue.claim() { try await queue.finish([job]) }
        }
        let last = try await leases()
        XCTAssertLessThan(last, 6)
        for number in 0..<6 {
            try await queue.enqueue(queue.job("c\(number)"))
            let jobs = try await queue.claim()
            try await queue.queue.release(jobs)
            try await queue.finish(try await queue.claim())
        }
        let clocks = try await queue.pool.query("SELECT max(turn) FROM leases").map { try $0.decode(Int64.self) }
        let left = try await leases()
        XCTAssertLessThan(left, 6)
        XCTAssertGreaterThan(try XCTUnwrap(clocks.first), 0)
    }

    /// One job of a claim is ended and handed in again; the other still runs.
    func testAJobThatIsEndedTwiceDoesNotFreeAnotherOfItsClaim() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"))
        let jobs = try await queue.claim()
        try await queue.finish([jobs[0]])
        // The release says nothing; the others would say that the lease is lost.
        try await queue.queue.release(jobs[0])
        for number in 0..<6 {
            try await queue.enqueue(queue.job("c\(number)"))
            let others = try await queue.claim()
            XCTAssertFalse(others.contains { $0.id == jobs[1].id })
            try await queue.finish(others)
        }
        try await queue.finish([jobs[1]])
        await assertLeaseLost([jobs[0]]) { try await queue.finish([jobs[0]]) }
    }

    func testALeaseWhoseWorkerClaimsNoMoreGoesWhenItRunsOut() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"))
        let first = try await queue.claim(1)
        let second = try await queue.claim(1)
        for job in first + second { try await queue.finish([job]) }
        let open = try await leases()
        XCTAssertEqual(open, 2)
        queue.clock.advance(30)
        _ = try await queue.other.claim(stage: "write", limit: 1)
        let clocks = try await leases()
        XCTAssertEqual(clocks, 1)
    }

    /// A claim's commit does not wait for the disk.
    func testAClaimThatACrashUndidHoldsNothing() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"))
        let lost = try await queue.claimOne()
        try await queue.pool.execute("DELETE FROM leases")
        let again = try await queue.other.claim(stage: "write", limit: 1)
        XCTAssertEqual(again.map(\.id), ids)
        await assertLeaseLost([lost]) { try await queue.finish([lost]) }
        let stopped = try await queue.queue.extend([lost])
        XCTAssertEqual(stopped, [lost])
        try await queue.finish(again)
        let outcome = try await queue.outcome(ids[0])
        XCTAssertEqual(outcome?.outcome, "done")
    }

    func testWhatWasGivenBackIsHeldByItsNextClaimOnly() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"), queue.job("b"))
        let both = try await queue.claim()
        queue.clock.advance(20)
        try await queue.queue.retry(both[0], reason: "busy", after: .postpone(.zero))
        let again = try await queue.other.claim(stage: "write", limit: 10)
        XCTAssertEqual(again.map(\.id), [ids[0]])
        // The first claim's lease runs out; the second's does not.
        queue.clock.advance(11)
        let rescued = try await queue.other.claim(stage: "write", limit: 10)
        XCTAssertEqual(rescued.map(\.id), [ids[1]])
        XCTAssertEqual(rescued.map(\.attempt), [2])
        await assertLeaseLost(both) { try await queue.finish(both) }
        try await queue.pool.transaction { try await queue.other.finish(again + rescued, in: $0) }
    }

    /// Whoever enqueues to a lane holds its row until the commit: a claim takes the job all the same.
    func testAClaimDoesNotWaitForWhoeverEnqueues() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"))
        try await queue.pool.transaction { connection in
            _ = try await queue.queue.enqueued([queue.job("a")], in: connection)
            let jobs = try await queue.claim()
            XCTAssertEqual(jobs.map(\.id), ids)
        }
    }

    func testALaneThatIsBeingEnqueuedToIsParkedLater() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        _ = try await queue.queue.pause(QueueScope(stage: "write"))
        try await queue.pool.transaction { connection in
            _ = try await queue.queue.enqueued([queue.job("a")], in: connection)
            let jobs = try await queue.claim()
            XCTAssertEqual(jobs, [])
        }
        let jobs = try await queue.claim()
        XCTAssertEqual(jobs, [])
        let parked = try await queue.pool.query("SELECT FROM jobs WHERE run_at = 'infinity'")
        XCTAssertEqual(parked.count, 1)
    }
}
