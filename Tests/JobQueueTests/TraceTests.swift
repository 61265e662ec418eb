import JSON
import JobQueue
import PostgresClient
import XCTest

/// What is known of the jobs of a lane.
final class TraceTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    func testALanesJobsAreFoundWhateverBecameOfThem() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a", payload: ["event": 1]))
        try await queue.finish([queue.claimOne()])
        try await queue.enqueue(queue.job("a", validUntil: queue.clock.now))
        _ = try await queue.claim()
        for reason in ["dies", "is brought back"] {
            try await queue.enqueue(queue.job("a"))
            try await queue.queue.bury(queue.claimOne(), reason: reason)
        }
        let redrive = try await queue.queue.redrive(DeadLetterFilter(reason: "is brought back"))
        let running = try await queue.claimOne()
        try await queue.enqueue(queue.job("a"), queue.job("another lane"))
        let trace = try await queue.queue.trace(lanes: ["a", "no such lane"])
        XCTAssertEqual(trace.map(\.state), [.done, .dropped, .dead, .redriven, .running, .behind])
        XCTAssertEqual(trace.map(\.attempts), [1, 0, 1, 1, 1, 0])
        XCTAssertEqual(trace.map(\.isStale), [false, true, false, false, false, false])
        XCTAssertEqual(trace[0].payload, ["event": 1])
        XCTAssertEqual(trace[2].reason, "dies")
        XCTAssertEqual(redrive.jobs[trace[3].id], running.id)
        XCTAssertEqual(trace[4].id, running.id)
        XCTAssertEqual(trace[4].worker, "one")
    }

    func testAPayloadThatNobodyReadsIsNone() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        try await queue.pool.execute("UPDATE jobs SET payload = '{\"event\": 1e400}'")
        let trace = try await queue.queue.trace(lanes: ["a"])
        XCTAssertEqual(trace.map(\.payload), [nil])
    }
}
