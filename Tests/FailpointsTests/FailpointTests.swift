import Failpoints
import Synchronization
import XCTest

/// What `LEADWRIGHT_FAILPOINT` may say. That processes really die at every place is the chaos tests' matter.
final class FailpointTests: XCTestCase {
    func testItDiesAtItsPlaceAndItsTimeOnly() throws {
        let deaths = Counter()
        let armed = try XCTUnwrap(ArmedFailpoint("write.answered:3") { deaths.count() })
        armed.reach(.writeAnswered)
        armed.reach(.writeCalling)
        armed.reach(.writeAnswered)
        XCTAssertEqual(deaths.value, 0)
        armed.reach(.writeAnswered)
        XCTAssertEqual(deaths.value, 1)
    }

    func testWithoutANumberItIsTheFirstTime() throws {
        let deaths = Counter()
        let armed = try XCTUnwrap(ArmedFailpoint("delivery.verified") { deaths.count() })
        armed.reach(.deliveryVerified)
        XCTAssertEqual(deaths.value, 1)
    }

    func testNonsenseIsRefused() {
        for text in ["", "write", "write.answered:", "write.answered:0", "write.answered:x", "write.answered:1:2"] {
            XCTAssertNil(ArmedFailpoint(text), text)
        }
    }

    func testAPlaceThatIsNotArmedCostsNothingThatMatters() {
        let calls = 1_000_000
        let start = ContinuousClock.now
        for _ in 0..<calls { Failpoint.reach(.writeAnswered) }
        let each = (ContinuousClock.now - start) / calls
        // Six nanoseconds were measured; an event passes a dozen places and takes milliseconds.
        XCTAssertLessThan(each, .nanoseconds(500), "\(each)")
    }
}

private final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func count() { number.withLock { $0 += 1 } }
}
