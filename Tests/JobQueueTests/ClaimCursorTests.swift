import JobQueue
import XCTest

/// Where a worker's claims begin, without a database.
final class ClaimCursorTests: XCTestCase {
    func testTheFirstClaimLooksAtEverythingAndThenOnceAMinute() {
        var cursor = ClaimCursor()
        XCTAssertEqual(cursor.depth(at: .seconds(0)), .all)
        XCTAssertEqual(cursor.depth(at: .seconds(59)), .near)
        XCTAssertEqual(cursor.depth(at: .seconds(60)), .all)
    }

    func testALookAtEverythingThatTakesLongComesSeldom() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        cursor.lookedAtAll(in: .milliseconds(2), at: .milliseconds(2))
        XCTAssertEqual(cursor.depth(at: .seconds(60)), .all)
        cursor.lookedAtAll(in: .seconds(2), at: .seconds(62))
        XCTAssertEqual(cursor.depth(at: .seconds(261)), .near)
        XCTAssertEqual(cursor.depth(at: .seconds(262)), .all)
    }

    func testAClaimBeginsAtTheClockOfATenthOfASecondAgo() {
        var cursor = ClaimCursor()
        cursor.took(7, .normal)
        cursor.keep(at: .seconds(1))
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_099)), [:])
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_100)), [.normal: 7])
        cursor.took(9, .normal)
        cursor.took(3, .bulk)
        cursor.keep(at: .milliseconds(1_200))
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_299)), [.normal: 7])
        XCTAssertEqual(cursor.marks(.near, at: .milliseconds(1_300)), [.normal: 9, .bulk: 3])
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
        XCTAssertFalse(cursor.looksDeeper(at: .milliseconds(249)))
        XCTAssertTrue(cursor.looksDeeper(at: .milliseconds(250)))
        XCTAssertFalse(cursor.looksDeeper(at: .milliseconds(499)))
    }

    /// What was found does not wait for the deeper look, and where batches are full there is none.
    func testAfterAClaimThatLeftRoomOneLooksDeeperOnceASecond() {
        var cursor = ClaimCursor()
        _ = cursor.depth(at: .zero)
        cursor.left(room: true)
        XCTAssertEqual(cursor.depth(at: .milliseconds(999)), .near)
        XCTAssertEqual(cursor.depth(at: .milliseconds(1_000)), .deep)
        XCTAssertEqual(cursor.depth(at: .milliseconds(1_001)), .near)
        cursor.left(room: false)
        XCTAssertEqual(cursor.depth(at: .seconds(3)), .near)
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
