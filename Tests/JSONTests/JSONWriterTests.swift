import Foundation
import JSON
import XCTest

final class JSONWriterTests: XCTestCase {
    func testTheCanonicalFormIsSortedAndHasNoWhiteSpace() {
        let value: JSONValue = ["b": [1, .number(0.5), nil], "a": "x/y", "é": true, "z": false]
        XCTAssertEqual(value.canonicalText, #"{"a":"x/y","b":[1,0.5,null],"z":false,"é":true}"#)
        XCTAssertEqual(value.canonicalData, Data(value.canonicalText.utf8))
    }

    func testEscapesOnlyWhatHasToBe() {
        let value: JSONValue = "\"\\/\n\r\t\u{1}\u{1F}\u{7F}é😀"
        XCTAssertEqual(value.canonicalText, #""\"\\/\n\r\t\u0001\u001f"# + "\u{7F}é😀\"")
    }

    func testEveryValueReadsBackTheSame() throws {
        let values: [JSONValue] = [
            .integer(.max), .integer(.min), 0, .number(0.1), .number(1e300), .number(-1.5e-7),
            .number(.leastNonzeroMagnitude), .number(.greatestFiniteMagnitude), .number(1e17), "", "\u{0}", "a\"b\\c",
            nil, [], [[]], ["a": ["b": []]],
        ]
        for value in values {
            XCTAssertEqual(try JSONValue(parsing: value.canonicalData), value, value.canonicalText)
        }
    }

    func testNumbersThatAreEqualAreWrittenEqual() {
        XCTAssertEqual(JSONValue.number(5000).canonicalText, "5000")
        XCTAssertEqual(JSONValue.number(-0.0).canonicalText, "0")
        XCTAssertEqual(JSONValue.number(.infinity).canonicalText, "null")
        XCTAssertEqual(JSONValue.number(.nan).canonicalText, "null")
    }

    func testScalarsAsCRMsWriteThem() {
        XCTAssertEqual(JSONValue.number(2.5).scalarText, "2.5")
        XCTAssertEqual(JSONValue.number(3).scalarText, "3")
        XCTAssertEqual(JSONValue.integer(-7).scalarText, "-7")
        XCTAssertEqual(JSONValue.bool(true).scalarText, "true")
        XCTAssertEqual(JSONValue.string("x").scalarText, "x")
        XCTAssertNil(JSONValue.null.scalarText)
        XCTAssertNil(JSONValue.array([]).scalarText)
    }
}
