import JobQueue
import PostgresClient
import XCTest

/// Tenants share the workers by weight, however much one of them enqueues.
final class FairnessTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    private func enqueue(_ count: Int, tenant: Int64) async throws {
        let queue = try queue
        let jobs = (0..<count).map { queue.job("\(tenant)/\($0)", tenant: tenant) }
        try await queue.pool.transaction { queue.queue.enqueue(jobs, in: $0) }
    }

    /// The tenants of the next jobs, which are finished.
    private func serve(_ count: Int) async throws -> [Int64: Int] {
        let queue = try queue
        let jobs = try await queue.claim(count)
        try await queue.finish(jobs)
        return Dictionary(grouping: jobs, by: \.tenantID).mapValues(\.count)
    }

    func testAFloodTakesNoMoreThanItsShare() async throws {
        try await enqueue(500, tenant: 1)
        try await enqueue(5, tenant: 2)
        try await enqueue(5, tenant: 3)
        let served = try await serve(15)
        XCTAssertEqual(served, [1: 5, 2: 5, 3: 5])
    }

    func testWhoComesLaterIsServedFromNowOnAndNotForTheTimeBefore() async throws {
        try await enqueue(500, tenant: 1)
        let alone = try await serve(100)
        XCTAssertEqual(alone, [1: 100])
        try await enqueue(500, tenant: 2)
        let together = try await serve(100)
        XCTAssertEqual(together, [1: 50, 2: 50])
    }

    func testWeightsAreShares() async throws {
        let queue = try queue
        for (name, weight) in [("small", 1), ("large", 4)] {
            try await queue.pool.execute(
                "INSERT INTO tenants (name, title, weight) VALUES ($1, $1, $2)", [name, weight])
        }
        try await enqueue(200, tenant: 1)
        try await enqueue(200, tenant: 2)
        let served = try await serve(100)
        XCTAssertEqual(served, [1: 20, 2: 80])
    }

    /// A tenant whose jobs are all of a few leads has few that can be taken, and each next one waits its turn.
    func testLongLanesCostTheOtherTenantsNothing() async throws {
        let queue = try queue
        let chain = (0..<100).map { _ in queue.job("one lead", tenant: 1) }
        try await queue.pool.transaction { queue.queue.enqueue(chain, in: $0) }
        try await enqueue(20, tenant: 2)
        var order: [Int64] = []
        while order.count < 30 {
            let jobs = try await queue.claim(1)
            order += jobs.map(\.tenantID)
            try await queue.finish(jobs)
        }
        // In turns as long as both have work.
        XCTAssertEqual(order.prefix(20).count { $0 == 2 }, 10)
    }
}
