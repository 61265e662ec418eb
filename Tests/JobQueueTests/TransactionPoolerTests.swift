import JSON
import JobQueue
import PostgresClient
import Synchronization
import TestSupport
import XCTest

/// The queue behind PgBouncer in transaction mode.
final class TransactionPoolerTests: XCTestCase {
    private var fixture: QueueFixture?
    private var pooler: TransactionPooler?

    override func setUp() async throws {
        let fixture = try await QueueFixture.make()
        self.fixture = fixture
        pooler = try await TransactionPooler(to: fixture.database, sessions: 3)
    }

    override func tearDown() async throws {
        pooler?.stop()
        await fixture?.drop()
    }

    func testEveryJobRunsOnce() async throws {
        let pool = try PostgresPool(url: XCTUnwrap(pooler).url, size: 8)
        let finished = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for producer in 0..<3 {
                group.addTask {
                    let queue = JobQueue(pool: pool, worker: "producer")
                    for round in 0..<20 {
                        let jobs = (0..<5).map { number in
                            NewJob(
                                stage: "write", tenantID: 1, connectionID: 1,
                                lane: "\(producer) \((round + number) % 7)", payload: [:])
                        }
                        try await pool.transaction { queue.enqueue(jobs, in: $0) }
                    }
                    return []
                }
            }
            let left = Counter(300)
            for worker in 0..<4 {
                group.addTask {
                    let queue = JobQueue(pool: pool, worker: "\(worker)")
                    var done: [Int64] = []
                    while left.value > 0 {
                        let jobs = try await queue.claim(stage: "write", limit: 10)
                        try await queue.extend(jobs)
                        try await pool.transaction { try await queue.finish(jobs, in: $0) }
                        left.subtract(jobs.count)
                        done += jobs.map(\.id)
                    }
                    return done
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        XCTAssertEqual(finished.count, 300)
        XCTAssertEqual(Set(finished).count, 300)
        await pool.close()
    }

    /// No notification comes through; the poll finds the work.
    func testPollingServes() async throws {
        let fixture = try XCTUnwrap(fixture)
        let pool = try PostgresPool(url: XCTUnwrap(pooler).url, size: 3)
        let queue = JobQueue(pool: pool, worker: "one")
        var job = fixture.job("a")
        job.runAt = nil
        let new = job
        async let found = Self.firstClaim(queue)
        try await pool.transaction { queue.enqueue([new], in: $0) }
        let count = try await found
        XCTAssertEqual(count, 1)
        await pool.close()
    }

    private static func firstClaim(_ queue: JobQueue) async throws -> Int {
        for await _ in queue.wakeUps(poll: .milliseconds(50)) {
            let jobs = try await queue.claim(stage: "write", limit: 10)
            if !jobs.isEmpty { return jobs.count }
        }
        return 0
    }
}

/// How much is left to do, by all workers.
private final class Counter: Sendable {
    private let count: Atomic<Int>

    init(_ count: Int) { self.count = Atomic(count) }

    var value: Int { count.load(ordering: .relaxed) }

    func subtract(_ more: Int) { count.subtract(more, ordering: .relaxed) }
}
