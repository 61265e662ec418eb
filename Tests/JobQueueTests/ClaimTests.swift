import Foundation
import JSON
import JobQueue
import PostgresClient
import XCTest

/// Which jobs a claim takes, and in which order.
final class ClaimTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    func testAClaimedJobCarriesWhatWasEnqueued() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a", payload: ["event": 9_007_199_254_740_993]))
        let job = try await queue.claimOne()
        XCTAssertEqual([job.id], ids)
        XCTAssertEqual(job.stage, "write")
        XCTAssertEqual(job.payload, ["event": 9_007_199_254_740_993])
        XCTAssertEqual(job.attempt, 1)
        XCTAssertEqual(job.maxAttempts, 12)
    }

    func testOnlyTheHeadOfALaneIsTaken() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"), queue.job("a"), queue.job("b"))
        let first = try await queue.claim()
        XCTAssertEqual(first.map(\.id), [ids[0], ids[2]])
        let none = try await queue.other.claim(stage: "write", limit: 10)
        XCTAssertEqual(none, [])
        try await queue.finish(first)
        let second = try await queue.claim()
        XCTAssertEqual(second.map(\.id), [ids[1]])
    }

    func testAWaitingHeadHoldsItsLaneAndNoOther() async throws {
        let queue = try queue
        let later = queue.clock.now + 60
        let ids = try await queue.enqueue(
            queue.job("a", runAt: later), queue.job("a", priority: .urgent), queue.job("b"))
        let first = try await queue.claim()
        XCTAssertEqual(first.map(\.id), [ids[2]])
        try await queue.finish(first)
        queue.clock.advance(60)
        let second = try await queue.claim()
        XCTAssertEqual(second.map(\.id), [ids[0]])
    }

    /// A transaction that took long to commit: its job was due before the time at which nothing waited any more.
    func testAJobThatWasDueLongBeforeItsCommitIsFoundByABusyWorker() async throws {
        let queue = try queue
        let due = queue.clock.now - 30
        let none = try await queue.claim()
        XCTAssertEqual(none, [])
        try await queue.enqueue(queue.job("a", runAt: queue.clock.now + 1))
        try await queue.pool.execute("UPDATE jobs SET run_at = $1", [due])
        var found: [Job] = []
        for _ in 0..<61 where found.isEmpty {
            queue.clock.advance(1)
            found = try await queue.claim()
        }
        XCTAssertEqual(found.count, 1)
    }

    func testADeadJobDoesNotHoldItsLane() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"), queue.job("a"))
        try await queue.queue.bury(queue.claimOne(), reason: "the field is unknown")
        let next = try await queue.claimOne()
        XCTAssertEqual(next.id, ids[1])
    }

    func testHigherPrioritiesGoFirstAndTheLimitHolds() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(
            queue.job("a", priority: .bulk), queue.job("b"), queue.job("c", priority: .urgent), queue.job("d"))
        let first = try await queue.claim(2)
        XCTAssertEqual(first.map(\.id), [ids[2], ids[1]])
        let second = try await queue.claim(2)
        XCTAssertEqual(second.map(\.id), [ids[3], ids[0]])
    }

    func testOtherStagesAreLeftAlone() async throws {
        let queue = try queue
        var job = queue.job("a")
        job.stage = "generate"
        try await queue.enqueue(job)
        let none = try await queue.claim()
        XCTAssertEqual(none, [])
    }

    func testStaleJobsAreDroppedWithAReasonAndDoNotHideTheRest() async throws {
        let queue = try queue
        let soon = queue.clock.now + 10
        let ids = try await queue.enqueue(
            queue.job("a", validUntil: soon), queue.job("b", validUntil: soon), queue.job("a"))
        queue.clock.advance(10)
        // Both that fit into the limit are stale; the claim goes on until it finds work.
        let jobs = try await queue.claim(2)
        XCTAssertEqual(jobs.map(\.id), [ids[2]])
        let outcome = try await queue.outcome(ids[0])
        XCTAssertEqual(outcome?.outcome, "dropped")
        XCTAssertEqual(outcome?.attempts, 0)
        XCTAssertTrue(try XCTUnwrap(outcome?.reason).hasPrefix("stale: "))
    }

    func testAnUnreadablePayloadIsBuriedAndTheRestOfTheBatchRuns() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"), queue.job("b"))
        // A number that Postgres holds and JSONValue does not.
        try await queue.pool.execute(
            "UPDATE jobs SET payload = ('1' || repeat('0', 400))::jsonb WHERE id = $1", [ids[0]])
        let jobs = try await queue.claim()
        XCTAssertEqual(jobs.map(\.id), [ids[1]])
        let state = try await queue.state(ids[0])
        XCTAssertEqual(state?.state, "dead")
        let reason = try XCTUnwrap(state?.reason)
        XCTAssertTrue(reason.hasPrefix("its payload cannot be read: "), reason)
    }

    /// Many workers at once on many short lanes: each job is out once, and the lanes keep their order.
    func testWorkersAtTheSameTimeTakeDifferentJobsInOrder() async throws {
        let queue = try queue
        let jobs = (0..<400).map { queue.job("lane \($0 % 40)") }
        try await queue.pool.transaction { queue.queue.enqueue(jobs, in: $0) }
        let finished = try await withThrowingTaskGroup(of: [Job].self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let clock = queue.clock
                    let mine = JobQueue(pool: queue.pool, worker: "\(worker)", now: { clock.now })
                    var done: [Job] = []
                    while try await queue.pool.query("SELECT FROM jobs LIMIT 1").count > 0 {
                        let jobs = try await mine.claim(stage: "write", limit: 7)
                        try await queue.pool.transaction { try await mine.finish(jobs, in: $0) }
                        done += jobs
                    }
                    return done
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        XCTAssertEqual(finished.count, 400)
        XCTAssertEqual(Set(finished.map(\.id)).count, 400)
        let disorder = try await queue.pool.query(
            """
            SELECT FROM (
                SELECT job_id, finished_at, lag(finished_at) OVER (PARTITION BY lane ORDER BY job_id) AS before
                FROM job_history
            ) AS history WHERE before > finished_at
            """)
        XCTAssertEqual(disorder.count, 0)
    }
}
