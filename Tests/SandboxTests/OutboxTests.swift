import Foundation
import Sandbox
import XCTest

/// The sending state machine, without any sending.
final class OutboxTests: XCTestCase {
    private let lane = DeliveryLane("a", batch: 100)

    private func outbox(
        concurrency: Int = 10, retries: [Double] = [1, 5], duplicates: Double = 0, reordered: Double = 0
    ) -> Outbox<Int> {
        Outbox(
            policy: DeliveryPolicy(
                concurrency: concurrency, retrySeconds: retries, duplicates: duplicates, reordered: reordered,
                timeoutSeconds: 1), seed: 1)
    }

    func testFillsBatchesInOrderAndKeepsLanesApart() {
        var outbox = outbox()
        for number in 0..<250 { outbox.enqueue(number, in: lane) }
        outbox.enqueue(-1, in: DeliveryLane("b"))
        let attempts = outbox.start(now: Clock.start)
        XCTAssertEqual(attempts.map(\.messages.count), [100, 100, 50, 1])
        XCTAssertEqual(attempts.dropLast().flatMap(\.messages), Array(0..<250))
    }

    func testHasNoMoreInFlightThanAllowed() {
        var outbox = outbox(concurrency: 3)
        for number in 0..<10 { outbox.enqueue(number, in: DeliveryLane("single")) }
        let first = outbox.start(now: Clock.start)
        XCTAssertEqual(first.count, 3)
        XCTAssertTrue(outbox.start(now: Clock.start).isEmpty)
        outbox.finish(first[1], accepted: true, now: Clock.start)
        XCTAssertEqual(outbox.start(now: Clock.start).count, 1)
    }

    func testRepeatsARefusedDeliveryByTheScheduleAndGivesUp() throws {
        var outbox = outbox()
        outbox.enqueue(7, in: lane)
        var now = Clock.start
        for (number, wait) in [1.0, 5.0].enumerated() {
            let attempt = try XCTUnwrap(outbox.start(now: now).first)
            XCTAssertEqual(attempt.number, number)
            XCTAssertEqual(attempt.messages, [7])
            outbox.finish(attempt, accepted: false, now: now)
            XCTAssertEqual(outbox.nextDue, now.addingTimeInterval(wait))
            XCTAssertTrue(outbox.start(now: now.addingTimeInterval(wait - 0.1)).isEmpty)
            now = now.addingTimeInterval(wait)
        }
        let last = try XCTUnwrap(outbox.start(now: now).first)
        XCTAssertEqual(last.number, 2)
        outbox.finish(last, accepted: false, now: now)
        XCTAssertTrue(outbox.isIdle)
        XCTAssertEqual(outbox.counts.abandoned, 1)
        XCTAssertEqual(outbox.counts.refused, 3)
        XCTAssertEqual(outbox.counts.retries, 2)
    }

    func testSendsAShareOfDeliveriesTwice() {
        var outbox = outbox(concurrency: 10_000, duplicates: 0.25)
        for number in 0..<1000 { outbox.enqueue(number, in: DeliveryLane("single")) }
        let attempts = outbox.start(now: Clock.start)
        let duplicates = attempts.filter(\.isDuplicate)
        XCTAssertEqual(attempts.count, 1000 + duplicates.count)
        XCTAssertEqual(Double(duplicates.count), 250, accuracy: 50)
        XCTAssertEqual(outbox.counts.duplicates, duplicates.count)
        XCTAssertEqual(Set(attempts.flatMap(\.messages)), Set(0..<1000))
    }

    func testReordersAShareOfEventsAndLosesNone() {
        var outbox = outbox(reordered: 0.5)
        for number in 0..<100 { outbox.enqueue(number, in: lane) }
        let sent = outbox.start(now: Clock.start).flatMap(\.messages)
        XCTAssertNotEqual(sent, Array(0..<100))
        XCTAssertEqual(sent.sorted(), Array(0..<100))
    }

    func testAnOrderedLaneWaitsForEachAnswerAndItsRetries() throws {
        var outbox = outbox()
        let ordered = DeliveryLane("changes", isOrdered: true)
        for number in 0..<2 { outbox.enqueue(number, in: ordered) }
        let first = try XCTUnwrap(outbox.start(now: Clock.start).first)
        XCTAssertEqual(first.messages, [0])
        XCTAssertTrue(outbox.start(now: Clock.start).isEmpty)
        outbox.finish(first, accepted: false, now: Clock.start)
        XCTAssertTrue(outbox.start(now: Clock.start).isEmpty, "the second overtook the first's retry")
        let again = try XCTUnwrap(outbox.start(now: Clock.after(1)).first)
        XCTAssertEqual(again.messages, [0])
        outbox.finish(again, accepted: true, now: Clock.after(1))
        XCTAssertEqual(outbox.start(now: Clock.after(1)).first?.messages, [1])
    }
}
