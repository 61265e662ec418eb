import CRM
import XCTest

final class BatchPlanTests: XCTestCase {
    func testFillsBatches() {
        XCTAssertEqual(batches(count: 0, limit: 100), [])
        XCTAssertEqual(batches(count: 100, limit: 100), [0..<100])
        XCTAssertEqual(batches(count: 250, limit: 100), [0..<100, 100..<200, 200..<250])
    }

    /// Every element is accepted or found guilty once, in order, and the calls stay few.
    func testBisectsDownToTheCulprits() {
        let bad: Set<Int> = [0, 63, 64, 199]
        var plan = BatchPlan(count: 200, limit: 100)
        var calls = 0
        var accepted: [Int] = []
        var refused: [Int] = []
        while let batch = plan.next() {
            calls += 1
            if bad.isDisjoint(with: batch) {
                accepted += batch
            } else if !plan.split(batch) {
                refused += batch
            }
        }
        XCTAssertEqual(accepted, (0..<200).filter { !bad.contains($0) })
        XCTAssertEqual(refused, bad.sorted())
        XCTAssertLessThanOrEqual(calls, 2 + 4 * 2 * 7)
    }

    private func batches(count: Int, limit: Int) -> [Range<Int>] {
        var plan = BatchPlan(count: count, limit: limit)
        return Array(AnyIterator { plan.next() })
    }
}
