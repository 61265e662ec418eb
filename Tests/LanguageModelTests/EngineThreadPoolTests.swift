import Foundation
import LanguageModel
import Synchronization
import XCTest

/// Every chunk once, whoever takes it, awake or asleep.
final class EngineThreadPoolTests: XCTestCase {
    func testEveryChunkIsDoneOnceBeforeTheStepEnds() {
        for threads in [1, 2, 5] {
            let pool = ThreadPool(threads: threads)
            let marks = Marks()
            for step in 0..<2000 {
                let chunks = step % 37
                pool.run(chunks: chunks) { marks.add($0) }
                let seen = marks.take()
                XCTAssertEqual(seen.sorted(), Array(0..<chunks), "\(threads) threads")
            }
        }
    }

    func testSleepingThreadsAreWokenAndUseNoProcessor() {
        let pool = ThreadPool(threads: 3)
        let marks = Marks()
        for _ in 0..<5 {
            pool.run(chunks: 20) { marks.add($0) }
            XCTAssertEqual(marks.take().count, 20)
            let before = clock()
            _ = XCTWaiter.wait(for: [expectation(description: "nothing happens")], timeout: 0.04)
            // `clock` counts the processor time of all threads: three that spin would use over 40 ms.
            XCTAssertLessThan(Double(clock() - before) / Double(CLOCKS_PER_SEC), 0.02)
        }
    }
}

private final class Marks: Sendable {
    private let chunks = Mutex<[Int]>([])

    func add(_ chunk: Int) { chunks.withLock { $0.append(chunk) } }

    func take() -> [Int] {
        chunks.withLock { chunks in
            defer { chunks = [] }
            return chunks
        }
    }
}
