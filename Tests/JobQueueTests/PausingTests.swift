import JobQueue
import PostgresClient
import Synchronization
import XCTest

/// What operators stop, and let go on.
final class PausingTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws {
        let fixture = try await QueueFixture.make()
        try await fixture.declare(["acme": "hubspot", "brine": "salesforce"])
        self.fixture = fixture
    }

    override func tearDown() async throws { await fixture?.drop() }

    func testAPausedTenantsJobsAreParkedWithoutAnAttemptAndOthersGoOn() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a", tenant: 1), queue.job("b", tenant: 2, connection: 2))
        let isNew = try await queue.queue.pause(QueueScope(tenant: "acme"))
        XCTAssertTrue(isNew)
        let others = try await queue.claim()
        XCTAssertEqual(others.map(\.id), [ids[1]])
        let parked = try await queue.state(ids[0])
        XCTAssertEqual(parked?.state, "paused")
        XCTAssertEqual(parked?.attempt, 0)
        XCTAssertEqual(parked?.reason, "paused")
        let freed = try await queue.queue.resume(QueueScope(tenant: "acme"))
        XCTAssertEqual(freed, 1)
        let job = try await queue.claimOne()
        XCTAssertEqual(job.id, ids[0])
        XCTAssertEqual(job.attempt, 1)
    }

    func testACRMOrAStageIsPausedAlone() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a", connection: 1), queue.job("b", tenant: 2, connection: 2))
        try await queue.queue.pause(QueueScope(system: "salesforce"))
        try await queue.queue.pause(QueueScope(stage: "generate"))
        let hubspot = try await queue.claim()
        XCTAssertEqual(hubspot.map(\.id), [ids[0]])
        try await queue.queue.resume(QueueScope(system: "salesforce"))
        let salesforce = try await queue.claim()
        XCTAssertEqual(salesforce.map(\.id), [ids[1]])
    }

    func testWhatAnotherPauseCoversStaysParked() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        try await queue.queue.pause(QueueScope(tenant: "acme"))
        try await queue.queue.pause(QueueScope(system: "hubspot", stage: "write"))
        let none = try await queue.claim()
        XCTAssertEqual(none, [])
        let freed = try await queue.queue.resume(QueueScope(tenant: "acme"))
        XCTAssertEqual(freed, 0)
        let still = try await queue.claim()
        XCTAssertEqual(still, [])
        try await queue.queue.resume(QueueScope(system: "hubspot", stage: "write"))
        _ = try await queue.claimOne()
    }

    func testPausingTwiceIsOncePausedAndWhatIsNotThereIsRefused() async throws {
        let queue = try queue
        let scope = QueueScope(tenant: "acme", system: "hubspot", stage: "write")
        try await queue.queue.pause(scope)
        let again = try await queue.queue.pause(scope)
        XCTAssertFalse(again)
        let pauses = try await queue.queue.pauses()
        XCTAssertEqual(pauses.map(\.scope), [scope])
        XCTAssertEqual(pauses.map(\.since), [queue.clock.now])
        try await queue.queue.resume(scope)
        await assertNotFound("tenant acme, hubspot, stage write is not paused") { try await queue.queue.resume(scope) }
        await assertNotFound("the whole queue is not paused") { try await queue.queue.resume(QueueScope()) }
        await assertNotFound("no tenant is called nobody") {
            try await queue.queue.pause(QueueScope(tenant: "nobody"))
        }
    }

    /// The pause is gone, and whoever ended it died before the parked jobs were let go.
    func testResumingAgainLetsGoWhatAnInterruptedResumeLeft() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        try await queue.queue.pause(QueueScope())
        _ = try await queue.claim()
        try await queue.pool.execute("DELETE FROM queue_pauses")
        let freed = try await queue.queue.resume(QueueScope())
        XCTAssertEqual(freed, 1)
        _ = try await queue.claimOne()
    }

    /// Whoever has seen the pause may park jobs until it commits; a resume must not pass it by.
    func testAResumeWaitsForThoseWhoParkByThePause() async throws {
        let queue = try queue
        let ids = try await queue.enqueue(queue.job("a"))
        try await queue.queue.pause(QueueScope())
        let jobQueue = queue.queue
        let resuming = try await queue.pool.transaction { connection in
            let row = try await connection.query("SELECT lane, id, turn FROM jobs").first
            let (lane, id, turn) = try XCTUnwrap(row).decode(Int64.self, Int64.self, Int64.self)
            let parked = try await connection.query(
                Statement.park, [[lane], [id], [turn], [Double.infinity], queue.clock.now])
            XCTAssertEqual(parked.count, 1)
            let resuming = Task { try await jobQueue.resume(QueueScope()) }
            // Once it waits for this transaction, the transaction may go on.
            var waits = 0
            while waits == 0 {
                let row = try await connection.query("SELECT count(*) FROM pg_locks WHERE NOT granted").first
                waits = try row?.decode(Int.self) ?? 0
            }
            return resuming
        }
        let freed = try await resuming.value
        XCTAssertEqual(freed, 1)
        let job = try await queue.claimOne()
        XCTAssertEqual([job.id], ids)
    }

    /// A claim found the jobs paused; before it parks them, the pause ends and another worker takes one.
    func testWhatWasTakenOrResumedMeanwhileIsNotParked() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"), queue.job("b"))
        let rows = try await queue.pool.query("SELECT lane, id, turn FROM jobs ORDER BY id")
        let seen = try rows.map { try $0.decode(Int64.self, Int64.self, Int64.self) }
        func park(seconds: Double) async throws -> [Int64] {
            try await queue.pool.query(
                Statement.park,
                [seen.map(\.0), seen.map(\.1), seen.map(\.2), [seconds, seconds], queue.clock.now]
            ).map { try $0.decode(Int64.self) }
        }
        let resumed = try await park(seconds: .infinity)
        XCTAssertEqual(resumed, [])
        let taken = try await queue.claim(1)
        let parked = try await park(seconds: 5)
        XCTAssertEqual(parked, [seen[1].1])
        try await queue.finish(taken)
    }

    func testNothingStaysParkedWhileWorkersClaimAndSomebodyPausesAndResumes() async throws {
        let queue = try queue
        let jobs = (0..<300).map { queue.job("lane \($0)") }
        try await queue.pool.transaction { queue.queue.enqueue(jobs, in: $0) }
        let end = End()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in [queue.queue, queue.other] {
                group.addTask {
                    while !end.hasCome.load(ordering: .relaxed) {
                        let claimed = try await worker.claim(stage: "write", limit: 3)
                        try await queue.pool.transaction { try await worker.finish(claimed, in: $0) }
                    }
                }
            }
            group.addTask {
                for _ in 0..<20 {
                    try await queue.queue.pause(QueueScope(tenant: "acme"))
                    try await queue.queue.resume(QueueScope(tenant: "acme"))
                }
                end.hasCome.store(true, ordering: .relaxed)
            }
            try await group.waitForAll()
        }
        while case let claimed = try await queue.claim(100), !claimed.isEmpty { try await queue.finish(claimed) }
        let row = try await queue.pool.query("SELECT count(*), count(DISTINCT job_id) FROM job_history").first
        let (ended, different) = try XCTUnwrap(row).decode(Int.self, Int.self)
        XCTAssertEqual([ended, different], [300, 300])
    }
}

/// Whether others may stop.
private final class End: Sendable {
    let hasCome = Atomic(false)
}
