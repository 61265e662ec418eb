import HTTPTypes
import XCTest

final class HTTPHeadersTests: XCTestCase {
    func testNamesCompareWithoutRegardToCase() {
        let headers: HTTPHeaders = ["Content-Type": "text/plain"]
        XCTAssertEqual(headers["content-type"], "text/plain")
        XCTAssertEqual(headers["CONTENT-TYPE"], "text/plain")
        XCTAssertNil(headers["Content-Typ"])
        XCTAssertEqual(headers, ["content-type": "text/plain"])
        XCTAssertEqual(headers.hashValue, (["content-type": "text/plain"] as HTTPHeaders).hashValue)
        XCTAssertNotEqual(headers, ["Content-Type": "text/html"])
    }

    func testOnlyASCIIFoldsItsCase() {
        // U+212A, the Kelvin sign, is a capital k to Unicode, but not to HTTP.
        XCTAssertNil((["\u{212A}ey": "1"] as HTTPHeaders)["key"])
        XCTAssertNil((["a@": "1"] as HTTPHeaders)["a`"])
    }

    func testRepeatedFieldsKeepTheirOrder() {
        var headers: HTTPHeaders = ["A": "1", "B": "2"]
        headers.append("a", "3")
        XCTAssertEqual(headers.values("A"), ["1", "3"])
        XCTAssertEqual(headers["a"], "1")
        XCTAssertEqual(headers.fields.map(\.name), ["A", "B", "a"])
    }

    func testSettingReplacesInPlace() {
        var headers: HTTPHeaders = ["A": "1", "B": "2", "a": "3"]
        headers["A"] = "4"
        XCTAssertEqual(headers, ["A": "4", "B": "2"])
        headers["C"] = "5"
        XCTAssertEqual(headers, ["A": "4", "B": "2", "C": "5"])
        headers["a"] = nil
        XCTAssertEqual(headers, ["B": "2", "C": "5"])
    }

    func testTokensOfLists() {
        let headers: HTTPHeaders = ["Connection": "Keep-Alive, \tUpgrade ,,", "connection": "close"]
        XCTAssertEqual(headers.tokens("Connection"), ["keep-alive", "upgrade", "close"])
        XCTAssertEqual(headers.tokens("Missing"), [])
    }
}
