import Foundation
import HTTPServer
import HTTPTypes
import XCTest

/// What the server does with bytes that no well-behaved client sends.
final class HostileClientTests: XCTestCase {
    private func serve(limits: HTTPServerLimits = .init(), maximumBodyBytes: Int = 1 << 20) async throws -> Int {
        let server = HTTPServer(maximumBodyBytes: maximumBodyBytes, limits: limits) { request in
            let length = request.query.first.flatMap { Int($0.value) } ?? request.body.count
            return HTTPResponse(
                status: 200, headers: ["X-Target": request.target], body: Data(repeating: 0x78, count: length))
        }
        addTeardownBlock { await server.stop(within: .zero) }
        return try await server.start()
    }

    /// What comes back for `bytes` until the server closes.
    private func answer(_ bytes: [UInt8], limits: HTTPServerLimits = .init()) async throws -> String {
        let client = try RawClient(port: await serve(limits: limits))
        try client.send(bytes)
        return try await client.readToEnd()
    }

    func testGarbage() async throws {
        var generator = SystemRandomNumberGenerator()
        let garbage = [
            Array("\u{16}\u{3}\u{1}\u{0}\u{A5}\u{1}\u{0}".utf8), Array("GET / HTTP/1.1\n\n".utf8),
            Array("\0\0\0\0".utf8),
            (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) } + Array("\n\r\n\r\n".utf8),
        ]
        for bytes in garbage {
            let answer = try await answer(bytes)
            XCTAssertTrue(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 431 "), answer)
            XCTAssertTrue(answer.contains("\r\nConnection: close\r\n"), answer)
        }
    }

    func testHugeHeads() async throws {
        let line = Array("X-Filler: \(String(repeating: "y", count: 1000))\r\n".utf8)
        let answer = try await answer(Array("GET / HTTP/1.1\r\nHost: h\r\n".utf8) + (0..<100).flatMap { _ in line })
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 431 "), answer)
    }

    func testABodyOverTheLimitIsRefusedByItsAnnouncement() async throws {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(1 << 20 + 1)\r\n\r\n"
        let answer = try await answer(Array(head.utf8))
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 413 "), answer)
    }

    /// The client that goes on sending still gets to read why it was refused.
    func testABodyOverTheLimitIsRefusedWhileItArrives() async throws {
        let client = try RawClient(port: try await serve())
        let body = [UInt8](repeating: 0x78, count: 1 << 20 + 1)
        let size = String(body.count, radix: 16)
        for start in ["Content-Length: \(body.count)\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n"] {
            let client = try RawClient(port: try await serve())
            try client.send("POST / HTTP/1.1\r\nHost: h\r\n" + start)
            try client.send(body + Array("\r\n0\r\n\r\n".utf8))
            let answer = try await client.readToEnd()
            XCTAssertTrue(answer.hasPrefix("HTTP/1.1 413 "), answer)
        }
        try client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(1 << 20)\r\n\r\n")
        try client.send([UInt8](repeating: 0x78, count: 1 << 20))
        let exact = try await client.response()
        XCTAssertTrue(exact.head.hasPrefix("HTTP/1.1 200 "), exact.head)
        XCTAssertEqual(exact.body.count, 1 << 20)
    }

    func testASlowHeadIsCutOff() async throws {
        let answer = try await answer(
            Array("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ".utf8), limits: .init(headTime: .milliseconds(100)))
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 408 "), answer)
    }

    /// A byte now and then does not buy more time: the deadline is for the whole head.
    func testADrippingHeadIsCutOff() async throws {
        let client = try RawClient(port: try await serve(limits: .init(headTime: .milliseconds(300))))
        try client.send("GET / HTTP/1.1\r\n")
        try await client.drip()
        let answer = try await client.readToEnd()
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 408 "), answer)
    }

    func testASlowBodyIsCutOff() async throws {
        let answer = try await answer(
            Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc".utf8),
            limits: .init(bodyTime: .milliseconds(100)))
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 408 "), answer)
    }

    func testIdleConnectionsAreClosedWithoutAWord() async throws {
        let answer = try await answer([], limits: .init(idleTime: .milliseconds(100)))
        XCTAssertEqual(answer, "")
    }

    func testAReaderThatDoesNotReadIsCutOff() async throws {
        let client = try RawClient(port: try await serve(limits: .init(sendTime: .milliseconds(200))))
        try client.send("GET /?size=50000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        // Reading begins only now and then ends early: the server did not wait for it.
        let other = try RawClient(port: try await serve(limits: .init(idleTime: .milliseconds(600))))
        _ = try await other.readToEnd()
        do {
            let answer = try await client.readToEnd()
            XCTAssertLessThan(answer.utf8.count, 50_000_000)
        } catch is POSIXError {
            // A reset is as good.
        }
    }

    func testASlowReaderGetsEverything() async throws {
        let client = try RawClient(port: try await serve())
        // Input that waits while output is stuck: the server must neither read nor spin, and answer it afterwards.
        try client.send("GET /?size=20000000 HTTP/1.1\r\nHost: h\r\n\r\nGET /?size=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        let first = try await client.response()
        XCTAssertEqual(first.body.count, 20_000_000)
        try client.send("GET /?size=2 HTTP/1.1\r\nHost: h\r\n\r\n")
        for size in 1...2 {
            let next = try await client.response()
            XCTAssertEqual(next.body.count, size)
        }
    }

    func testTruncatedRequestsAndResetsLeaveTheServerServing() async throws {
        let port = try await serve()
        let request = "POST /?size=3 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
        for end in request.indices {
            let client = try RawClient(port: port)
            try client.send(String(request[..<end]))
            if end < request.index(request.startIndex, offsetBy: 40) { client.reset() }
        }
        let client = try RawClient(port: port)
        try client.send(request)
        let response = try await client.response()
        XCTAssertEqual(response.body.count, 3)
    }

    func testTwoRequestsInOnePacket() async throws {
        let client = try RawClient(port: try await serve())
        try client.send(
            "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
                + "HEAD /b?size=7 HTTP/1.1\r\nHost: h\r\n\r\n"
                + "GET /c?size=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        let first = try await client.response()
        XCTAssertTrue(first.head.contains("X-Target: /a\r\n"))
        XCTAssertEqual(first.body.count, 5)
        let second = try await client.response(hasBody: false)
        XCTAssertTrue(second.head.contains("X-Target: /b?size=7\r\n"))
        XCTAssertTrue(second.head.contains("Content-Length: 7\r\n"))
        let rest = try await client.readToEnd()
        XCTAssertTrue(rest.contains("X-Target: /c?size=1\r\n"))
        XCTAssertTrue(rest.contains("Connection: close\r\n"))
        XCTAssertTrue(rest.hasSuffix("\r\n\r\nx"), rest)
    }

    func testContinue() async throws {
        let client = try RawClient(port: try await serve())
        try client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        let interim = try await client.response()
        XCTAssertEqual(interim.head, "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("ab")
        let response = try await client.response()
        XCTAssertTrue(response.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        XCTAssertEqual(response.body.count, 2)
    }

    func testHTTP10() async throws {
        let answer = try await answer(Array("GET /?size=2 HTTP/1.0\r\n\r\n".utf8))
        XCTAssertTrue(answer.hasPrefix("HTTP/1.1 200 OK\r\n"), answer)
        XCTAssertTrue(answer.contains("Connection: close\r\n"), answer)
        XCTAssertTrue(answer.hasSuffix("\r\n\r\nxx"), answer)
    }
}
