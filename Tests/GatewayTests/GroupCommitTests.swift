import Gateway
import XCTest

final class GroupCommitTests: XCTestCase {
    private typealias Commits = GroupCommit<Int>

    private struct Failure: Error {}

    /// The actions as text: `commit [1, 2]`, `refuse [3]`.
    private func texts(_ actions: [Commits.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .commit(let batch): "commit \(batch)"
            case .refuse(let batch, _): "refuse \(batch)"
            }
        }
    }

    private func commits(
        requests: Int = 100, bytes: Int = 1000, batchRequests: Int = 4, batchBytes: Int = 100
    ) -> Commits {
        Commits(
            limits: IntakeLimits(
                requests: requests, bytes: bytes, batchRequests: batchRequests, batchBytes: batchBytes))
    }

    func testTheFirstIsCommittedAtOnceAndTheOthersTogetherInTheirOrder() {
        var commits = commits()
        XCTAssertEqual(texts(commits.add(1, bytes: 1)), ["commit [1]"])
        XCTAssertEqual(texts(commits.add(2, bytes: 1)), [])
        XCTAssertEqual(texts(commits.add(3, bytes: 1)), [])
        XCTAssertEqual(texts(commits.committed()), ["commit [2, 3]"])
        XCTAssertEqual(texts(commits.committed()), [])
        XCTAssertEqual(texts(commits.add(4, bytes: 1)), ["commit [4]"])
    }

    func testABatchIsBoundedByCountAndByBytes() {
        var commits = commits()
        _ = commits.add(0, bytes: 1)
        for (number, bytes) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 60), (6, 40), (7, 1), (8, 500), (9, 1)] {
            XCTAssertEqual(texts(commits.add(number, bytes: bytes)), [])
        }
        let batches = (0..<5).flatMap { _ in texts(commits.committed()) }
        XCTAssertEqual(
            batches, ["commit [1, 2, 3, 4]", "commit [5, 6]", "commit [7]", "commit [8]", "commit [9]"])
    }

    func testAfterABadValueEachIsTriedByItselfBeforeThoseThatWait() {
        var commits = commits()
        _ = commits.add(0, bytes: 1)
        for number in 1...3 { _ = commits.add(number, bytes: 1) }
        XCTAssertEqual(texts(commits.committed()), ["commit [1, 2, 3]"])
        XCTAssertEqual(texts(commits.add(4, bytes: 1)), [])
        XCTAssertEqual(texts(commits.failed(Failure(), mayBeOneDelivery: true)), ["commit [1]"])
        XCTAssertEqual(texts(commits.committed()), ["commit [2]"])
        XCTAssertEqual(texts(commits.failed(Failure(), mayBeOneDelivery: true)), ["refuse [2]", "commit [3]"])
        XCTAssertEqual(texts(commits.committed()), ["commit [4]"])
    }

    func testWithoutADatabaseAllOfABatchAreRefusedAndTheNextIsTried() {
        var commits = commits()
        _ = commits.add(0, bytes: 1)
        for number in 1...2 { _ = commits.add(number, bytes: 1) }
        XCTAssertEqual(texts(commits.failed(Failure(), mayBeOneDelivery: false)), ["refuse [0]", "commit [1, 2]"])
        XCTAssertEqual(texts(commits.failed(Failure(), mayBeOneDelivery: false)), ["refuse [1, 2]"])
        XCTAssertEqual(texts(commits.add(3, bytes: 1)), ["commit [3]"])
    }

    func testPlacesAreBoundedByCountAndByBytesAndComeBack() {
        var commits = commits(requests: 2, bytes: 100)
        XCTAssertTrue(commits.enter(bytes: 10))
        XCTAssertTrue(commits.enter(bytes: 10))
        XCTAssertFalse(commits.enter(bytes: 10), "there are two places")
        commits.leave(bytes: 10)
        XCTAssertFalse(commits.enter(bytes: 91), "there is room for 90 bytes")
        XCTAssertTrue(commits.enter(bytes: 90))
        commits.leave(bytes: 90)
        commits.leave(bytes: 10)
        XCTAssertEqual([commits.held, commits.heldBytes], [0, 0])
        XCTAssertTrue(commits.enter(bytes: 500), "nothing else is there, so it would never be taken")
    }

    /// Whatever happens in whatever order, each delivery is answered once, and stored ones in their order.
    func testRandomSchedulesAnswerEachOnceAndKeepTheOrder() {
        for seed in 0..<2000 {
            var random = SeededGenerator(state: UInt64(seed))
            var commits = commits(batchRequests: Int.random(in: 1...5, using: &random))
            var underWay: [Int]?
            var stored: [Int] = []
            var refused: [Int] = []
            func perform(_ actions: [Commits.Action]) {
                for action in actions {
                    switch action {
                    case .commit(let batch):
                        XCTAssertNil(underWay, "two commits at once with seed \(seed)")
                        underWay = batch
                    case .refuse(let batch, _): refused += batch
                    }
                }
            }
            var added = 0
            while added < 30 || underWay != nil {
                if added < 30, Bool.random(using: &random) {
                    perform(commits.add(added, bytes: Int.random(in: 1...60, using: &random)))
                    added += 1
                } else if let batch = underWay {
                    underWay = nil
                    // Every seventh delivery is bad, and now and then the database is away.
                    let isAway = Int.random(in: 0..<10, using: &random) == 0
                    if isAway || batch.contains(where: { $0 % 7 == 6 }) {
                        perform(commits.failed(Failure(), mayBeOneDelivery: !isAway))
                    } else {
                        stored += batch
                        perform(commits.committed())
                    }
                }
            }
            XCTAssertEqual(stored, stored.sorted(), "seed \(seed)")
            XCTAssertEqual((stored + refused).sorted(), Array(0..<30), "seed \(seed)")
            XCTAssertTrue(stored.allSatisfy { $0 % 7 != 6 }, "seed \(seed)")
        }
    }
}

/// SplitMix64, so that a schedule that fails can be run again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
