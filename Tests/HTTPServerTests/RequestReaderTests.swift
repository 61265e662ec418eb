import Foundation
import HTTPServer
import HTTPTypes
import XCTest

final class RequestReaderTests: XCTestCase {
    private func reader(body: Int = 100, head: Int = 1000, fields: Int = 10) -> RequestReader {
        RequestReader(limits: .init(headBytes: head, headerFields: fields), maximumBodyBytes: body)
    }

    /// The requests in `bytes`, fed in pieces of `size`.
    private func requests(_ bytes: [UInt8], inPiecesOf size: Int) throws -> [HTTPRequest] {
        var reader = reader()
        var requests: [HTTPRequest] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.append(bytes[start..<min(bytes.count, start + size)])
            while case .request(let request, _) = try reader.next() { requests.append(request) }
        }
        return requests
    }

    private func refusal(_ text: String, file: StaticString = #filePath, line: UInt = #line) -> Int? {
        var reader = reader()
        reader.append(text.utf8)
        do {
            _ = try reader.next()
            XCTFail("not refused: \(text)", file: file, line: line)
            return nil
        } catch {
            return error.status
        }
    }

    func testHowTheBytesArriveMakesNoDifference() throws {
        let bytes = Array(
            ("\r\nPOST /a?b=%2F HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a:2\r\nContent-Length: 5\r\n\r\nhello"
                + "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "4;name=\"v\"\r\nwiki\r\n00a\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"
                + "GET / HTTP/1.0\r\n\r\n").utf8)
        for size in 1...bytes.count {
            let requests = try requests(bytes, inPiecesOf: size)
            XCTAssertEqual(
                requests,
                [
                    HTTPRequest(
                        "POST", "/a?b=%2F", headers: ["Host": "h", "X-A": "1", "x-a": "2", "Content-Length": "5"],
                        body: Data("hello".utf8)),
                    HTTPRequest(
                        "PUT", "/c", headers: ["Host": "h", "Transfer-Encoding": "Chunked"],
                        body: Data("wiki0123456789".utf8)),
                    HTTPRequest("GET", "/"),
                ], "pieces of \(size)")
        }
    }

    func testTargetsArriveByteForByte() throws {
        for target in [
            "/a//b/../c%2Fd/./;p=1?x=1;y=%41&&z=%zz&=", "/%", "/?", "/a?b?c=/../", "http://h:1/x?y", "/[]{}|\\^`\"<>#f",
        ] {
            let head = "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n"
            XCTAssertEqual(try requests(Array(head.utf8), inPiecesOf: 7).first?.target, target)
        }
        var options = reader()
        options.append("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        guard case .request(let request, _) = try options.next() else { return XCTFail("no request") }
        XCTAssertEqual(request.target, "*")
    }

    func testFieldValuesThatAreNoUTF8AreReadAsLatin1() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nA: gr".utf8) + [0xFC] + Array("n\r\nB: grün\r\n\r\n".utf8)
        let request = try XCTUnwrap(requests(bytes, inPiecesOf: 1000).first)
        XCTAssertEqual(request.headers["A"], "grün")
        XCTAssertEqual(request.headers["B"], "grün")
    }

    func testWhetherTheConnectionIsKept() throws {
        let cases: [(String, String, Bool)] = [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: x, CLOSE\r\n", false), ("HTTP/1.0", "", false),
            ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ]
        for (version, fields, expected) in cases {
            var reader = reader()
            reader.append("GET / \(version)\r\nHost: h\r\n\(fields)\r\n".utf8)
            guard case .request(_, let keepsAlive) = try reader.next() else { return XCTFail("no request") }
            XCTAssertEqual(keepsAlive, expected, version + fields)
        }
    }

    func testMalformedHeadsAreRefused() {
        let heads = [
            "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
            " GET / HTTP/1.1\r\nHost: h\r\n\r\n", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET x HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: h\r\n\r\n", "GET /ü HTTP/1.1\r\nHost: h\r\n\r\n",
            "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
            "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{0}c\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{1}c\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nÄ: b\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}", "\n",
        ]
        for head in heads { XCTAssertEqual(refusal(head), 400, head) }
        XCTAssertEqual(refusal("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505)
        XCTAssertEqual(refusal("PRI * HTTP/2.0\r\n\r\n"), 505)
        XCTAssertEqual(refusal("GET / HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n"), 417)
    }

    /// What a proxy may read another way than we do is the material of request smuggling.
    func testAmbiguousLengthsAreRefused() {
        let start = "POST / HTTP/1.1\r\nHost: h\r\n"
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: -1\r\n", "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n", "Content-Length:\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        ] {
            XCTAssertEqual(refusal(start + fields + "\r\nhello"), 400, fields)
        }
        for fields in [
            "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding: \u{B}chunked\r\n",
        ] {
            XCTAssertTrue([400, 501].contains(refusal(start + fields + "\r\n")), fields)
        }
        XCTAssertEqual(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400)
    }

    func testMalformedChunksAreRefused() {
        let start = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in [
            "x\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "\r\n", ";a\r\n", "1\r\nab\r\n", "1\r\na\n", "1\n", "1\rx",
            "0\r\nX: y\n", String(repeating: "0", count: 16) + "\r\n", String(repeating: "1", count: 5000),
        ] {
            XCTAssertEqual(refusal(start + body), 400, body)
        }
        XCTAssertEqual(
            refusal(start + "0\r\n" + String(repeating: "X: \(String(repeating: "y", count: 90))\r\n", count: 50)), 431)
    }

    func testSizesAreBounded() throws {
        XCTAssertEqual(refusal("GET /" + String(repeating: "x", count: 1000)), 431)
        XCTAssertEqual(
            refusal("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: 10) + "\r\n"), 431)
        let start = "POST / HTTP/1.1\r\nHost: h\r\n"
        XCTAssertEqual(refusal(start + "Content-Length: 101\r\n\r\n"), 413)
        XCTAssertEqual(refusal(start + "Content-Length: 99999999999999999999\r\n\r\n"), 413)
        XCTAssertEqual(refusal(start + "Transfer-Encoding: chunked\r\n\r\n65\r\n"), 413)
        XCTAssertEqual(refusal(start + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n"), 400)
        XCTAssertEqual(
            refusal(start + "Transfer-Encoding: chunked\r\n\r\n64\r\n\(String(repeating: "x", count: 100))\r\n1\r\n"),
            413)
        let full = start + "Content-Length: 100\r\n\r\n" + String(repeating: "x", count: 100)
        XCTAssertEqual(try requests(Array(full.utf8), inPiecesOf: 11).first?.body.count, 100)
    }

    func testTheClientThatAsksIsToldToContinueOnce() throws {
        var reader = reader()
        reader.append("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n".utf8)
        XCTAssertEqual(try reader.next(), .body(sendContinue: true))
        reader.append("a".utf8)
        XCTAssertEqual(try reader.next(), .body(sendContinue: false))
        reader.append("b".utf8)
        guard case .request = try reader.next() else { return XCTFail("no request") }
        XCTAssertEqual(try reader.next(), .idle)
    }

    /// Any byte changed at any place gives a request, a refusal or a wait, and never a crash.
    func testDamagedRequestsNeverCrash() {
        let bytes = Array(
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".utf8)
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var damaged = bytes
                damaged[index] = byte
                _ = try? requests(damaged, inPiecesOf: 16)
            }
        }
    }
}
