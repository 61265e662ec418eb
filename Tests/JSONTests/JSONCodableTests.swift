import Foundation
import JSON
import XCTest

final class JSONCodableTests: XCTestCase {
    private struct Playbook: Codable, Equatable {
        enum Kind: String, Codable { case mail, call }
        var name: String
        var kind: Kind
        var extra: JSONValue
    }

    func testValuesInsideOfCodableTypes() throws {
        let text = #"{"name":"n","kind":"mail","extra":{"id":9007199254740993,"x":[1.5,true,null,"a"]}}"#
        let playbook = try Playbook(parsingJSON: Data(text.utf8))
        XCTAssertEqual(playbook.extra["id"]?.integer, 9_007_199_254_740_993)
        XCTAssertEqual(playbook.extra["x"], [.number(1.5), true, nil, "a"])
        let again = try Playbook(parsingJSON: JSONEncoder().encode(playbook))
        XCTAssertEqual(again, playbook)
    }

    func testErrorsNameThePlace() {
        let cases: [(String, String)] = [
            (#"{"name":"n",}"#, "not valid JSON at line 1, column 13: a member's name in quotes is expected"),
            (#"{"kind":"mail","extra":1}"#, "\"name\" is missing"),
            (#"{"name":1,"kind":"mail","extra":1}"#, "unexpected type at name: String is expected"),
            (#"{"name":null,"kind":"mail","extra":1}"#, "unexpected null at name"),
        ]
        for (text, expected) in cases {
            XCTAssertThrowsError(try Playbook(parsingJSON: Data(text.utf8)), text) { error in
                XCTAssertEqual("\(error)", expected)
            }
        }
        XCTAssertThrowsError(try Playbook(parsingJSON: Data(#"{"name":"n","kind":"fax","extra":1}"#.utf8))) { error in
            XCTAssertTrue("\(error)".hasPrefix("unexpected value at kind"), "\(error)")
        }
        XCTAssertThrowsError(try [Playbook](parsingJSON: Data(#"[{"name":"n","kind":"mail"}]"#.utf8))) { error in
            XCTAssertEqual("\(error)", "\"extra\" is missing at [0]")
        }
    }

    func testReadingParts() throws {
        let value = try JSONValue(parsing: #"{"id": 7, "tags": ["a"], "ok": true, "n": 1.5}"#)
        XCTAssertEqual(value["id"]?.integer, 7)
        XCTAssertEqual(value["id"]?.double, 7)
        XCTAssertEqual(value["n"]?.double, 1.5)
        XCTAssertNil(value["n"]?.integer)
        XCTAssertEqual(value["tags"]?[0]?.string, "a")
        XCTAssertNil(value["tags"]?[1])
        XCTAssertNil(value["tags"]?[-1])
        XCTAssertEqual(value["ok"]?.bool, true)
        XCTAssertNil(value["missing"])
        XCTAssertNil(value["ok"]?["x"])
        XCTAssertEqual(value.object?.count, 4)
        XCTAssertEqual(value["tags"]?.array, ["a"])
    }
}
