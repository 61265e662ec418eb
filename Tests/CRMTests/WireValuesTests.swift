import CRM
import Foundation
import JSON
import XCTest

final class WireValuesTests: XCTestCase {
    func testTimes() {
        for text in [
            "1795104000000", "2026-11-19T16:00:00Z", "2026-11-19T16:00:00.000Z", "2026-11-19T16:00:00.000+0000",
            "2026-11-19T18:00:00+02:00",
        ] {
            XCTAssertEqual(Date(wire: text)?.millisecondsSince1970, 1_795_104_000_000, text)
        }
        XCTAssertEqual(Date(wire: "2026-11-19T16:00:00.123Z")?.millisecondsSince1970, 1_795_104_000_123)
        for text in ["", "yesterday", "2026-11-19", "2026-13-19T08:00:00Z"] { XCTAssertNil(Date(wire: text), text) }
        // Beyond the year 9999 it is no time, and no arithmetic on it is safe.
        XCTAssertNotNil(Date(wire: "253402300799999"))
        for text in ["253402300800000", "9223372036854775807", "-9223372036854775808"] {
            XCTAssertNil(Date(wire: text), text)
        }
    }

    func testTruthValues() {
        for text in ["true", "True", "TRUE", " yes", "1", "on"] { XCTAssertEqual(Bool(wire: text), true, text) }
        for text in ["false", "False", "no", "0", "off"] { XCTAssertEqual(Bool(wire: text), false, text) }
        for text in ["", "maybe", "2"] { XCTAssertNil(Bool(wire: text), text) }
    }

    func testKinds() {
        for kind in EventKind.allCases { XCTAssertEqual(EventKind(wire: kind.rawValue), kind) }
        XCTAssertEqual(EventKind(wire: "lead.stage_changed"), .stageChanged)
        XCTAssertEqual(EventKind(wire: "content.requested"), .actionRequested)
        XCTAssertNil(EventKind(wire: "Lead.Created"))
    }

    /// 2^53 + 1 and the largest 64-bit id: a floating-point number would change both.
    func testIdentifiersKeepEveryDigit() throws {
        let ids = try JSONValue(parsing: #"[9007199254740993, 9223372036854775807, "00Q", "", 1.5, 1e300, null, true]"#)
        XCTAssertEqual(
            ids.array?.map(\.identifier), ["9007199254740993", "9223372036854775807", "00Q", nil, nil, nil, nil, nil])
    }
}
