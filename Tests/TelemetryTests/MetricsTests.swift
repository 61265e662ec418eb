import Foundation
import Synchronization
import Telemetry
import XCTest

final class MetricsTests: XCTestCase {
    func testRendersCountersByLabel() {
        let metrics = Metrics()
        let counter = Metrics.Counter("deliveries_total", "Deliveries by answer.")
        metrics.count(counter, ["status": "401", "connection": "a\"b"])
        metrics.count(counter, ["status": "200", "connection": "a"], by: 2)
        XCTAssertEqual(
            metrics.rendered(),
            """
            # HELP deliveries_total Deliveries by answer.
            # TYPE deliveries_total counter
            deliveries_total{connection="a",status="200"} 2
            deliveries_total{connection="a\\"b",status="401"} 1

            """)
    }

    func testHistogramBucketsAreCumulative() {
        let metrics = Metrics()
        let histogram = Metrics.Histogram("wait_seconds", "Wait.", bounds: [0.1, 1])
        metrics.observe(histogram, .milliseconds(50))
        metrics.observe(histogram, .milliseconds(500))
        metrics.observe(histogram, .seconds(5))
        let text = metrics.rendered()
        XCTAssertTrue(text.contains("wait_seconds_bucket{le=\"0.1\"} 1\n"), text)
        XCTAssertTrue(text.contains("wait_seconds_bucket{le=\"1.0\"} 2\n"), text)
        XCTAssertTrue(text.contains("wait_seconds_bucket{le=\"+Inf\"} 3\n"), text)
        XCTAssertTrue(text.contains("wait_seconds_count 3\n"), text)
    }

    func testLogKeepsItsLevelAndWritesOneObjectALine() {
        let lines = Mutex<[String]>([])
        let log = Log("gateway", now: { Date(timeIntervalSince1970: 0) }) { line in lines.withLock { $0.append(line) } }
        log(.debug, "not written")
        log(.warning, "delivery refused", ["reason": "signature \"x\""])
        XCTAssertEqual(
            lines.withLock { $0 },
            [
                #"{"at":"1970-01-01T00:00:00.000Z","component":"gateway","level":"warning","message":"delivery refused","reason":"signature \"x\""}"#
            ])
    }
}
