import Foundation
import HTTPServer
import HTTPTypes
import XCTest

final class ResponseEncodingTests: XCTestCase {
    private func encoded(_ response: HTTPResponse, answeringHead: Bool = false, closing: Bool = false) -> String {
        String(decoding: response.encoded(answeringHead: answeringHead, closing: closing, date: "D"), as: UTF8.self)
    }

    func testTheWholeResponse() {
        let response = HTTPResponse(status: 200, contentType: "text/plain", text: "hello")
        let head = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
        XCTAssertEqual(encoded(response), head + "\r\nhello")
        XCTAssertEqual(encoded(response, answeringHead: true), head + "\r\n")
        XCTAssertEqual(encoded(response, closing: true), head + "Connection: close\r\n\r\nhello")
    }

    func testStatusesWithoutABody() {
        for status in [204, 304] {
            let text = encoded(.init(status: status, body: Data("x".utf8)))
            XCTAssertTrue(text.hasSuffix("Date: D\r\n\r\n"), text)
        }
        XCTAssertEqual(encoded(.init(status: 418)), "HTTP/1.1 418 \r\nDate: D\r\nContent-Length: 0\r\n\r\n")
    }

    func testFramingIsNotTheHandlers() {
        let headers: HTTPHeaders = [
            "content-length": "99", "Transfer-Encoding": "chunked", "Connection": "upgrade", "Date": "now", "X": "1",
        ]
        XCTAssertEqual(
            encoded(.init(status: 200, headers: headers)),
            "HTTP/1.1 200 OK\r\nDate: D\r\nX: 1\r\nContent-Length: 0\r\n\r\n")
    }

    func testNoValueAddsAFieldOfItsOwn() {
        let headers: HTTPHeaders = ["A": "1\r\nSet-Cookie: x", "B\r\nC": "2", "": "3", "D": "t\tab"]
        XCTAssertEqual(
            encoded(.init(status: 200, headers: headers)),
            "HTTP/1.1 200 OK\r\nDate: D\r\nA: 1  Set-Cookie: x\r\nD: t\tab\r\nContent-Length: 0\r\n\r\n")
    }

    func testStatusesThatAreNoneBecome500() {
        for status in [0, 100, 101, 199, 600, -1] {
            XCTAssertTrue(encoded(.init(status: status)).hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        }
    }

    func testDates() {
        var date = HTTPDate()
        XCTAssertEqual(date.text(at: 784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT")
        XCTAssertEqual(date.text(at: 0), "Thu, 01 Jan 1970 00:00:00 GMT")
        XCTAssertEqual(date.text(at: 4_102_444_799), "Thu, 31 Dec 2099 23:59:59 GMT")
    }
}
