import JobQueue
import XCTest

/// The state machine, without a database.
final class JobLifecycleTests: XCTestCase {
    private var generator = SeededGenerator(seed: 1)

    func testAJobRunsAndFinishes() {
        var job = JobLifecycle(maxAttempts: 3)
        XCTAssertEqual(job.handle(.claim(stale: false), using: &generator), .run)
        XCTAssertEqual(job.attempt, 1)
        XCTAssertEqual(job.handle(.finish, using: &generator), .record)
        XCTAssertEqual(job.state, .finished)
    }

    func testARunningJobIsClaimedAgainOnlyAfterItsLease() {
        var job = JobLifecycle(state: .running, attempt: 1, maxAttempts: 3)
        XCTAssertEqual(job.handle(.claim(stale: false), using: &generator), .refuse)
        XCTAssertEqual(job.handle(.claim(stale: true), using: &generator), .refuse)
        XCTAssertEqual(job.handle(.expire, using: &generator), .reschedule(after: .zero, refund: false))
        XCTAssertEqual(job.handle(.claim(stale: false), using: &generator), .run)
        XCTAssertEqual(job.attempt, 2)
    }

    func testTheLastAttemptThatFailsOrIsLostIsDead() {
        var failed = JobLifecycle(state: .running, attempt: 3, maxAttempts: 3)
        XCTAssertEqual(failed.handle(.fail(.backoff), using: &generator), .bury)
        XCTAssertEqual(failed.state, .dead)
        var lost = JobLifecycle(state: .running, attempt: 3, maxAttempts: 3)
        _ = lost.handle(.expire, using: &generator)
        XCTAssertEqual(lost.handle(.claim(stale: false), using: &generator), .bury)
        XCTAssertEqual(lost.state, .dead)
        XCTAssertEqual(lost.attempt, 3)
    }

    func testPostponingAndReleasingRefundTheAttempt() {
        var job = JobLifecycle(state: .running, attempt: 3, maxAttempts: 3)
        let wait = Duration.seconds(7)
        XCTAssertEqual(job.handle(.fail(.postpone(wait)), using: &generator), .reschedule(after: wait, refund: true))
        XCTAssertEqual(job.attempt, 2)
        _ = job.handle(.claim(stale: false), using: &generator)
        XCTAssertEqual(job.handle(.release, using: &generator), .reschedule(after: .zero, refund: true))
        XCTAssertEqual(job.attempt, 2)
        XCTAssertEqual(job.state, .ready)
    }

    func testStaleJobsAreRecordedWithoutRunning() {
        var waiting = JobLifecycle(maxAttempts: 3)
        XCTAssertEqual(waiting.handle(.claim(stale: true), using: &generator), .record)
        var lost = JobLifecycle(state: .running, attempt: 3, maxAttempts: 3)
        _ = lost.handle(.expire, using: &generator)
        XCTAssertEqual(lost.handle(.claim(stale: true), using: &generator), .record)
    }

    func testNothingMovesADeadOrFinishedJob() {
        let events: [JobLifecycle.Event] = [
            .claim(stale: false), .expire, .finish, .fail(.backoff), .bury, .release,
        ]
        for state in [JobLifecycle.State.dead, .finished] {
            for event in events {
                var job = JobLifecycle(state: state, attempt: 1, maxAttempts: 3)
                XCTAssertEqual(job.handle(event, using: &generator), .refuse)
                XCTAssertEqual(job.state, state)
            }
        }
    }

    func testTheCeilingDoublesUpToTheCap() {
        let backoff = Backoff()
        XCTAssertEqual(backoff.ceiling(afterAttempt: 1), .seconds(1))
        XCTAssertEqual(backoff.ceiling(afterAttempt: 2), .seconds(2))
        XCTAssertEqual(backoff.ceiling(afterAttempt: 10), .seconds(512))
        XCTAssertEqual(backoff.ceiling(afterAttempt: 11), .seconds(600))
        XCTAssertEqual(backoff.ceiling(afterAttempt: 10_000), .seconds(600))
    }

    func testDelaysFillTheWholeTimeBelowTheCeiling() {
        let delays = (0..<2000).map { _ in Backoff().delay(afterAttempt: 4, using: &generator) }
        XCTAssertTrue(delays.allSatisfy { $0 >= .zero && $0 <= .seconds(8) })
        // Uniform: each quarter holds a quarter, give or take six standard deviations.
        for quarter in 0..<4 {
            let bounds = Duration.seconds(2) * quarter..<Duration.seconds(2) * (quarter + 1)
            XCTAssertEqual(Double(delays.count { bounds.contains($0) }), 500, accuracy: 116)
        }
    }
}
