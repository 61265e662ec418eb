import CRM
import Foundation
import HTTPTypes
import JSON
import XCTest

final class DeliveryTests: XCTestCase {
    private func json(_ text: String) throws -> JSONValue {
        try Delivery(method: "POST", uri: "", headers: [:], body: Data(text.utf8), receivedAt: Date()).json()
    }

    func testWhatPostgresCannotHoldIsReplaced() throws {
        XCTAssertEqual(
            try json(#"{"a\u0000":["b\u0000c", {"d":"\u0000"}], "e":"\\u0000", "f":1}"#),
            ["a\u{FFFD}": ["b\u{FFFD}c", ["d": "\u{FFFD}"]], "e": #"\u0000"#, "f": 1])
    }

    func testWhatIsNoJSONIsRefusedWithThePlace() {
        XCTAssertThrowsError(try json("[\n1,]")) { error in
            XCTAssertEqual((error as? CRMError)?.code, .malformedDelivery)
            XCTAssertTrue("\(error)".contains("line 2, column 3"), "\(error)")
        }
    }
}
