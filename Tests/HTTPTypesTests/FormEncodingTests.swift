import HTTPTypes
import XCTest

final class FormEncodingTests: XCTestCase {
    func testEverythingComesBack() {
        let pairs: [(name: String, value: String)] = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("a b", "c+d&e=f%"), ("é", "😀\n\u{0}"),
            ("", ""),
            ("x", "1"), ("x", "2"),
        ]
        let decoded = FormEncoding.decode(FormEncoding.encode(pairs))
        XCTAssertEqual(decoded.map(\.name), pairs.map(\.name))
        XCTAssertEqual(decoded.map(\.value), pairs.map(\.value))
    }

    func testEncodesAllButUnreservedCharacters() {
        XCTAssertEqual(FormEncoding.percentEncode("AZaz09-._~"), "AZaz09-._~")
        XCTAssertEqual(FormEncoding.percentEncode("a b/é?&=+%"), "a%20b%2F%C3%A9%3F%26%3D%2B%25")
    }

    func testDecodesWhateverComes() {
        let cases: [(String, [String], [String])] = [
            ("a=1&&b=2&", ["a", "b"], ["1", "2"]),
            ("a=b=c", ["a"], ["b=c"]),
            ("100%=5%&x=%zz%4", ["100%", "x"], ["5%", "%zz%4"]),
            ("a=%c3%A9+%2B", ["a"], ["é +"]),
            ("a=%FF", ["a"], ["\u{FFFD}"]),
            ("", [], []),
        ]
        for (text, names, values) in cases {
            XCTAssertEqual(FormEncoding.decode(text).map(\.name), names, text)
            XCTAssertEqual(FormEncoding.decode(text).map(\.value), values, text)
        }
    }
}
