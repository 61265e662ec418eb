import Foundation
import JSON
import XCTest

final class JSONParserTests: XCTestCase {
    func testEveryKindOfValue() throws {
        let value = try JSONValue(
            parsing: #" {"a": [1, -2.5, true, false, null, "x"], "b": {"c": {}}, "d": [], "e": ""} "#)
        XCTAssertEqual(
            value,
            [
                "a": [1, .number(-2.5), true, false, nil, "x"], "b": ["c": .object([:])], "d": .array([]), "e": "",
            ])
    }

    func testIntegersKeepAll64Bits() throws {
        XCTAssertEqual(try JSONValue(parsing: "9007199254740993"), .integer(9_007_199_254_740_993))
        XCTAssertEqual(try JSONValue(parsing: "9223372036854775807"), .integer(.max))
        XCTAssertEqual(try JSONValue(parsing: "-9223372036854775808"), .integer(.min))
        XCTAssertEqual(try JSONValue(parsing: "18446744073709551615"), .number(0x1p64))
    }

    func testNumbersWithoutFractionAreIntegersHoweverTheyAreWritten() throws {
        for text in ["5000", "5000.0", "5e3", "50.00E+2"] {
            XCTAssertEqual(try JSONValue(parsing: text), .integer(5000), text)
        }
        XCTAssertEqual(try JSONValue(parsing: "-0"), .integer(0))
        XCTAssertEqual(try JSONValue(parsing: "-0.0"), .integer(0))
        XCTAssertEqual(try JSONValue(parsing: "0.1"), .number(0.1))
        XCTAssertEqual(try JSONValue(parsing: "1e-400"), .integer(0))
        XCTAssertEqual(try JSONValue(parsing: "9007199254740994.0"), .number(9_007_199_254_740_994))
    }

    func testEscapes() throws {
        XCTAssertEqual(
            try JSONValue(parsing: #""\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00""#), "\"\\/\u{8}\u{C}\n\r\tAé😀")
        XCTAssertEqual(try JSONValue(parsing: "\"grün 😀\""), "grün 😀")
    }

    func testHalfASurrogatePairIsReplaced() throws {
        for (text, expected) in [
            (#""a\ud83d""#, "a\u{FFFD}"), (#""\ude00b""#, "\u{FFFD}b"), (#""\ud83dA""#, "\u{FFFD}A"),
            (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
        ] {
            XCTAssertEqual(try JSONValue(parsing: text).string, expected, text)
        }
    }

    func testOfMembersWithTheSameNameTheLastCounts() throws {
        XCTAssertEqual(try JSONValue(parsing: #"{"a": 1, "a": 2}"#), ["a": 2])
    }

    func testAByteOrderMarkIsReadOver() throws {
        XCTAssertEqual(try JSONValue(parsing: Data([0xEF, 0xBB, 0xBF]) + Data("1".utf8)), 1)
    }

    func testErrorsNameTheirPlace() {
        let place: [(String, String)] = [
            ("", "line 1, column 1, where the text ends: a value is expected"),
            ("[1, 2", "line 1, column 6, where the text ends: a comma or the end of the array is expected"),
            ("{\"a\": 1", "line 1, column 8, where the text ends: a comma or the end of the object is expected"),
            ("\"ab", "line 1, column 4, where the text ends: the string has no end"),
            ("{\n  \"grün\": tru\n}", "line 2, column 11: a value is expected"),
            ("{a: 1}", "line 1, column 2: a member's name in quotes is expected"),
            ("{\"a\" 1}", "line 1, column 6: a colon is expected"),
            ("[1,]", "line 1, column 4: a value is expected"),
            ("{\"a\":1,}", "line 1, column 8: a member's name in quotes is expected"),
            ("1 2", "line 1, column 3: there is more after the end of the value"),
            ("1e400", "line 1, column 1: the number is too large"),
            ("01", "line 1, column 2: there is more after the end of the value"),
            ("1.", "line 1, column 3, where the text ends: a digit is expected"),
            ("-", "line 1, column 2, where the text ends: a digit is expected"),
            ("+1", "line 1, column 1: a value is expected"),
            ("NaN", "line 1, column 1: a value is expected"),
            ("\"a\nb\"", "line 1, column 3: a control character has to be escaped"),
            (#""\x""#, "line 1, column 3: an unknown escape"),
            (#""\u12g4""#, "line 1, column 4: four hexadecimal digits are expected"),
            (#""\u+123""#, "line 1, column 4: four hexadecimal digits are expected"),
        ]
        for (text, expected) in place {
            XCTAssertThrowsError(try JSONValue(parsing: text), text) { error in
                XCTAssertEqual("\(error)", "not valid JSON at \(expected)", text)
            }
        }
    }

    func testInvalidUTF8IsRefused() {
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            XCTAssertThrowsError(try JSONValue(parsing: Data("\"".utf8) + Data(bytes) + Data("\"".utf8)))
        }
        XCTAssertThrowsError(try JSONValue(parsing: Data([0x22, 0x5C, 0x6E, 0xFF, 0x22])))
    }

    func testNestingIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        XCTAssertNoThrow(try JSONValue(parsing: nested(512)))
        for bomb in [
            nested(513), String(repeating: "[", count: 1_000_000), String(repeating: "{\"a\":", count: 99_999),
        ] {
            XCTAssertThrowsError(try JSONValue(parsing: bomb)) { error in
                XCTAssertTrue("\(error)".hasSuffix("nested deeper than 512"), "\(error)")
            }
        }
    }

    /// Every prefix and every single changed byte of a document is either JSON or an error, and never a crash.
    func testDamagedDocumentsNeverCrash() {
        let document = Array(#"{"a":[1,-2.5e3,"\u00e9\n",true],"b":{"c":null}}"#.utf8)
        for end in document.indices {
            XCTAssertThrowsError(try JSONValue(parsing: Data(document[..<end])))
        }
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var damaged = document
                damaged[index] = byte
                _ = try? JSONValue(parsing: Data(damaged))
            }
        }
    }
}
