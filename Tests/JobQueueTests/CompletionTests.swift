import Foundation
import JobQueue
import PostgresClient
import XCTest

/// How jobs end, fail and come back.
final class CompletionTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    func testAFinishedJobMovesToHistory() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"), queue.job("b"))
        let jobs = try await queue.claim()
        try await queue.finish([jobs[0]])
        try await queue.finish([jobs[1]], outcome: .dropped(reason: "the lead is gone"))
        let done = try await queue.outcome(ids[0])
        XCTAssertEqual(done?.outcome, "done")
        XCTAssertEqual(done?.attempts, 1)
        XCTAssertNil(try XCTUnwrap(done).reason)
        let dropped = try await queue.outcome(ids[1])
        XCTAssertEqual(dropped?.outcome, "dropped")
        XCTAssertEqual(dropped?.reason, "the lead is gone")
        let live = try await queue.pool.query("SELECT FROM jobs")
        XCTAssertEqual(live.count, 0)
    }

    func testEffectsAndCompletionCommitTogether() async throws {
        struct Failure: Error {}
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"))
        let job = try await queue.claimOne()
        do {
            try await queue.pool.transaction { connection in
                queue.queue.enqueue([queue.job("next")], in: connection)
                try await queue.queue.finish(job, in: connection)
                throw Failure()
            }
        } catch is Failure {}
        let state = try await queue.state(ids[0])
        XCTAssertEqual(state?.state, "running")
        let live = try await queue.pool.query("SELECT FROM jobs")
        XCTAssertEqual(live.count, 1)
    }

    func testAStaleCompletionIsRefusedAndTakesItsEffectsWithIt() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"))
        let jobs = try await [queue.claim(1), queue.claim(1)].flatMap { $0 }
        queue.clock.advance(20)
        try await queue.queue.extend([jobs[1]])
        queue.clock.advance(11)
        let again = try await queue.other.claim(stage: "write", limit: 1)
        let lost = jobs.filter { $0.id == again.first?.id }
        await assertLeaseLost(lost) {
            try await queue.pool.transaction { connection in
                queue.queue.enqueue([queue.job("effect")], in: connection)
                try await queue.queue.finish(jobs, in: connection)
            }
        }
        // Neither the effect nor the other job's completion stayed.
        let live = try await queue.pool.query("SELECT FROM jobs")
        XCTAssertEqual(live.count, 2)
        await assertLeaseLost(lost) { try await queue.queue.retry(lost[0], reason: "late") }
        await assertLeaseLost(lost) { try await queue.queue.bury(lost[0], reason: "late") }
        try await queue.queue.release(lost)
        let state = try await queue.state(lost[0].id)
        XCTAssertEqual(state?.state, "running")
        XCTAssertEqual(state?.attempt, 2)
    }

    func testALeaseThatRanOutIsTakenOverAndExtendingKeepsIt() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"))
        // Two claims, so that each job has a lease of its own.
        let jobs = try await [queue.claim(1), queue.claim(1)].flatMap { $0 }
        queue.clock.advance(20)
        let lost = try await queue.queue.extend([jobs[0]])
        XCTAssertEqual(lost, [])
        queue.clock.advance(11)
        let taken = try await queue.other.claim(stage: "write", limit: 10)
        XCTAssertEqual(taken.map(\.id), [jobs[1].id])
        XCTAssertEqual(taken.map(\.attempt), [2])
        let gone = try await queue.queue.extend(jobs)
        XCTAssertEqual(gone, [jobs[1]])
    }

    func testRetryWaitsAndCountsAndTheLastAttemptIsDead() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a", maxAttempts: 3))
        for attempt in 1...3 {
            let job = try await queue.claimOne()
            XCTAssertEqual(job.attempt, attempt)
            try await queue.queue.retry(job, reason: "HTTP 500")
            // The longest wait is 1 s after the first attempt and 2 s after the second.
            queue.clock.advance(Double(attempt))
        }
        let state = try await queue.state(ids[0])
        XCTAssertEqual(state?.state, "dead")
        XCTAssertEqual(state?.attempt, 3)
        XCTAssertEqual(state?.reason, "attempt 3, the last one, failed: HTTP 500")
    }

    func testAPostponedJobWaitsExactlyAndCountsNoAttempt() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        try await queue.queue.retry(queue.claimOne(), reason: "rate limit", after: .postpone(.seconds(10)))
        queue.clock.advance(9.999)
        let early = try await queue.claim()
        XCTAssertEqual(early, [])
        queue.clock.advance(0.001)
        let job = try await queue.claimOne()
        XCTAssertEqual(job.attempt, 1)
    }

    func testAReleasedJobIsReadyAtOnceAndCountsNoAttempt() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        try await queue.queue.release(queue.claimOne())
        let job = try await queue.claimOne()
        XCTAssertEqual(job.attempt, 1)
    }

    func testAJobWhoseWorkersAllDieIsDeadAfterItsLastAttempt() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a", maxAttempts: 2), queue.job("a"))
        for attempt in 1...2 {
            let job = try await queue.claimOne()
            XCTAssertEqual(job.attempt, attempt)
            queue.clock.advance(30)
        }
        // The lane goes on.
        let next = try await queue.claimOne()
        XCTAssertEqual(next.id, ids[1])
        let state = try await queue.state(ids[0])
        XCTAssertEqual(state?.state, "dead")
        XCTAssertEqual(state?.reason, "its worker one was lost during attempt 2, the last one")
    }

    func testDepthsCountByStageAndState() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"), queue.job("c", runAt: queue.clock.now + 100))
        _ = try await queue.claim(1)
        queue.clock.advance(5)
        let depths = try await queue.queue.depths()
        XCTAssertEqual(
            depths.map { "\($0.stage) \($0.state) \($0.count)" },
            ["write ready 1", "write running 1", "write waiting 1"])
        XCTAssertEqual(depths.map(\.oldest), [.seconds(5), .seconds(5), .zero])
    }
}
