import JobQueue
import XCTest

/// Where a worker's claims begin, without a database.
final class ClaimCursorTests: XCTestCase {
    func testTheFirstClaimLooksAtEverythingAndThenOnceAMinute() {
        var cursor = ClaimCursor()
        XCTAssertEqual(cursor.depth(at: .seconds(0)), .all)
        XCTAssertNotEqual(cursor.depth(at: .seconds(59)), .all)
        XCTAssertEqual(cursor.depth(at: .seconds(60)), .all)
    }

    func testALookAtEverythingThatTakesLongComesSeldom() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        cursor.lookedAtAll(in: .milliseconds(2), at: .milliseconds(2))
        XCTAssertEqual(cursor.depth(at: .seconds(60)), .all)
        cursor.lookedAtAll(in: .seconds(2), at: .seconds(62))
        XCTAssertNotEqual(cursor.depth(at: .seconds(261)), .all)
        XCTAssertEqual(cursor.depth(at: .seconds(262)), .all)
    }

    func testAClaimBeginsAtTheClockOfAHundredthOrATenthOfASecondAgo() {
        var cursor = ClaimCursor()
        cursor.took(7, .normal)
        cursor.keep(at: .seconds(1))
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_009)), [:])
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_010)), [.normal: 7])
        cursor.took(9, .normal)
        cursor.took(3, .bulk)
        cursor.keep(at: .milliseconds(1_020))
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_029)), [.normal: 7])
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_030)), [.normal: 9, .bulk: 3])
        XCTAssertEqual(cursor.marks(.recent, at: .milliseconds(1_099)), [:])
        XCTAssertEqual(cursor.marks(.recent, at: .milliseconds(1_119)), [.normal: 7])
        XCTAssertEqual(cursor.marks(.recent, at: .milliseconds(1_120)), [.normal: 9, .bulk: 3])
        XCTAssertEqual(cursor.marks(.all, at: .milliseconds(1_300)), [:])
    }

    /// Those who drew a turn then have ten seconds to commit.
    func testADeeperLookBeginsTenSecondsAgo() {
        var cursor = ClaimCursor()
        for second in 1...30 {
            cursor.took(Int64(second), .normal)
            cursor.keep(at: .seconds(second))
        }
        XCTAssertEqual(cursor.marks(.deep, at: .seconds(30)), [.normal: 20])
        XCTAssertEqual(cursor.marks(.near, at: .seconds(31)), [.normal: 30])
    }

    func testItLooksDeeperMoreOftenWhileNothingIsFound() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        XCTAssertEqual(cursor.depthAfterNothing(at: .milliseconds(249)), .recent)
        XCTAssertEqual(cursor.depthAfterNothing(at: .milliseconds(250)), .deep)
        XCTAssertEqual(cursor.depthAfterNothing(at: .milliseconds(499)), .recent)
    }

    /// Most commits take less than a tenth of a second, and more than a hundredth.
    func testFiftyTimesASecondItLooksATenthOfASecondBack() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        XCTAssertEqual(cursor.depth(at: .milliseconds(19)), .near)
        XCTAssertEqual(cursor.depth(at: .milliseconds(20)), .recent)
        XCTAssertEqual(cursor.depth(at: .milliseconds(39)), .near)
        XCTAssertEqual(cursor.depth(at: .milliseconds(40)), .recent)
    }

    /// What was found does not wait for the deeper look, and where batches are full it comes every ten seconds.
    func testAfterAClaimThatLeftRoomOneLooksDeeperOnceASecond() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        cursor.left(room: true)
        XCTAssertNotEqual(cursor.depth(at: .milliseconds(999)), .deep)
        XCTAssertEqual(cursor.depth(at: .milliseconds(1_000)), .deep)
        XCTAssertEqual(cursor.depth(at: .milliseconds(1_001)), .near)
        cursor.left(room: false)
        XCTAssertNotEqual(cursor.depth(at: .milliseconds(10_999)), .deep)
        XCTAssertEqual(cursor.depth(at: .milliseconds(11_000)), .deep)
    }

    /// A claim that failed half-way may have taken a lower turn than the last.
    func testTheClockNeverGoesBack() {
        var cursor = ClaimCursor()
        cursor.took(9, .urgent)
        cursor.took(4, .urgent)
        cursor.keep(at: .seconds(1))
        XCTAssertEqual(cursor.marks(.near, at: .seconds(2)), [.urgent: 9])
    }
}
