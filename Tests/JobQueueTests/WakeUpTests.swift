import Foundation
import JobQueue
import PostgresClient
import Synchronization
import XCTest

/// Workers hear of work soon, and the database is not asked more often than needed.
final class WakeUpTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws { fixture = try await QueueFixture.make() }
    override func tearDown() async throws { await fixture?.drop() }

    func testManyCallsAreFewNotifications() async throws {
        let queue = try queue
        var events = queue.pool.listen(to: ["leadwright_jobs"]).makeAsyncIterator()
        _ = await events.next()
        let start = ContinuousClock.now
        for _ in 0..<500 { await queue.queue.wake() }
        // The mark is sent after all that is still due has left.
        try await Task.sleep(for: .milliseconds(60))
        let intervals = Int((ContinuousClock.now - start) / .milliseconds(20))
        try await queue.pool.execute("SELECT pg_notify('leadwright_jobs', 'end')")
        var count = 0
        while case .notification(let notification) = await events.next(), notification.payload != "end" { count += 1 }
        XCTAssertGreaterThanOrEqual(count, 1)
        XCTAssertLessThanOrEqual(count, intervals + 2)
    }

    func testAWorkerIsWokenLongBeforeItWouldPoll() async throws {
        let queue = try queue
        let reader = Reader(queue.queue.wakeUps(poll: .seconds(3600)))
        try await reader.settle(queue)
        let before = reader.count
        await queue.other.wake()
        try await reader.waits(for: before + 1)
        reader.stop()
    }

    func testAPostponedJobWakesWhenItIsDue() async throws {
        let queue = try queue
        try await queue.enqueue(queue.job("a"))
        let job = try await queue.claimOne()
        let reader = Reader(queue.queue.wakeUps(poll: .seconds(3600)))
        try await reader.settle(queue)
        let before = reader.count
        try await queue.queue.retry(job, reason: "rate limit", after: .postpone(.milliseconds(200)))
        try await reader.waits(for: before + 1)
        reader.stop()
    }

    func testWithoutNotificationsThePollServes() async throws {
        let queue = try queue
        let reader = Reader(queue.queue.wakeUps(poll: .milliseconds(10)))
        try await reader.waits(for: 20)
        reader.stop()
    }
}

/// Counts how often a worker is woken.
private final class Reader: Sendable {
    private let counter = Mutex(0)
    private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

    var count: Int { counter.withLock { $0 } }

    init(_ wakeUps: WakeUps) {
        task.withLock { task in
            task = Task { [self] in
                for await _ in wakeUps { counter.withLock { $0 += 1 } }
            }
        }
    }

    func stop() { task.withLock { $0?.cancel() } }

    /// Waits until it hears notifications. Starting wakes twice, at once and when listening begins; whatever more
    /// comes was sent.
    func settle(_ queue: QueueFixture) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while count < 4, ContinuousClock.now < deadline {
            await queue.other.wake()
            try await Task.sleep(for: .milliseconds(25))
        }
        XCTAssertGreaterThanOrEqual(count, 4)
        // The last calls of the loop have arrived after two more intervals.
        try await Task.sleep(for: .milliseconds(100))
    }

    /// Waits until it was woken so often, ten seconds at most.
    func waits(for count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while self.count < count {
            guard ContinuousClock.now < deadline else { return XCTFail("woken \(self.count) times, not \(count)") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
