import Foundation
import HTTPClient
import HTTPTypes
import Synchronization
import XCTest

/// What the client says about servers that do not answer as they should.
final class BrokenServerTests: XCTestCase {
    private func client(_ configuration: HTTPClientConfiguration = .init()) -> HTTPClient {
        let client = HTTPClient(configuration: configuration)
        addTeardownBlock { await client.close() }
        return client
    }

    private func serve(_ script: @escaping @Sendable (RawServer.Connection) -> Void) throws -> RawServer {
        let server = try RawServer(script)
        addTeardownBlock { server.stop() }
        return server
    }

    private func post(_ server: RawServer) -> HTTPRequest {
        HTTPRequest("POST", "http://127.0.0.1:\(server.port)/", body: Data("x".utf8))
    }

    func testNothingListens() async throws {
        let server = try RawServer { _ in }
        server.stop()
        let (client, request) = (client(), post(server))
        await assertThrows(.cannotConnect, mayHaveReachedServer: false) { try await client.send(request) }
    }

    func testNamesThatDoNotResolve() async {
        let client = client()
        // A label is 63 letters long at most, so this fails without asking a name server that may not be there.
        let host = String(repeating: "a", count: 64) + ".invalid"
        await assertThrows(.resolve, mayHaveReachedServer: false) {
            try await client.send(HTTPRequest("GET", "http://\(host)/"))
        }
    }

    func testNoAnswerInTime() async throws {
        let server = try serve { connection in
            _ = connection.readRequest()
            connection.waitForTheEnd()
        }
        let (client, request) = (client(), post(server))
        await assertThrows(.timeout, mayHaveReachedServer: true) {
            try await client.send(request, timeout: .milliseconds(100))
        }
        XCTAssertEqual(server.requests.withLock { $0.count }, 1)
    }

    func testTheConnectionEndsBeforeTheAnswer() async throws {
        let server = try serve { _ = $0.readRequest() }
        let (client, request) = (client(), post(server))
        await assertThrows(.connectionLost, mayHaveReachedServer: true) { try await client.send(request) }
        XCTAssertEqual(server.requests.withLock { $0.count }, 1)
    }

    func testTheConnectionEndsInsideOfTheBody() async throws {
        let server = try serve { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        let (client, request) = (client(), post(server))
        await assertThrows(.connectionLost, mayHaveReachedServer: true) { try await client.send(request) }
    }

    func testTheAnswerIsNoHTTP() async throws {
        for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 what\r\n\r\n", "\u{0}\u{1}\r\n"] {
            let server = try serve { connection in
                _ = connection.readRequest()
                connection.send(answer)
            }
            let (client, request) = (client(), post(server))
            await assertThrows(.invalidResponse, mayHaveReachedServer: true, answer) { try await client.send(request) }
        }
    }

    func testTheBodyIsTooLarge() async throws {
        let announced = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"
        let streamed = "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1001)
        for answer in [announced, streamed] {
            let server = try serve { connection in
                _ = connection.readRequest()
                connection.send(answer)
                connection.waitForTheEnd()
            }
            let (client, request) = (client(.init(maximumBodyBytes: 1000)), post(server))
            await assertThrows(.bodyTooLarge, mayHaveReachedServer: true) { try await client.send(request) }
        }
    }

    func testInterimAnswersAndTrailersAreReadOver() async throws {
        let server = try serve { connection in
            _ = connection.readRequest()
            connection.send(
                "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-A: \t1 \r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")
            connection.waitForTheEnd()
        }
        let response = try await client().send(post(server))
        XCTAssertEqual(response.status, 200)
        XCTAssertEqual(response.body, Data("abc".utf8))
        XCTAssertEqual(response.headers, ["X-A": "1", "Transfer-Encoding": "chunked"])
    }

    /// The kept connection breaks after the second request was read: whether it took effect, nobody knows.
    private func serverThatBreaksItsKeptConnection() throws -> RawServer {
        try serve { connection in
            let isFirst = connection.server.requests.withLock { $0.isEmpty }
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            if isFirst { _ = connection.readRequest() }
        }
    }

    func testAWriteIsNeverSentTwice() async throws {
        let server = try serverThatBreaksItsKeptConnection()
        let (client, request) = (client(), post(server))
        _ = try await client.send(request)
        await assertThrows(.connectionLost, mayHaveReachedServer: true) { try await client.send(request) }
        XCTAssertEqual(server.requests.withLock { $0.count }, 2)
    }

    func testAReadIsSentAgainOnANewConnection() async throws {
        let server = try serverThatBreaksItsKeptConnection()
        let (client, request) = (client(), HTTPRequest("GET", "http://127.0.0.1:\(server.port)/"))
        for _ in 1...2 {
            let response = try await client.send(request)
            XCTAssertEqual(response.status, 200)
        }
        XCTAssertEqual(server.requests.withLock { $0.count }, 3)
    }

    func testRequestsThatCannotBeSentAsTheyAre() async {
        let client = client()
        let requests = [
            HTTPRequest("GET", "ftp://example.com/"), HTTPRequest("GET", "file:///etc/passwd"),
            HTTPRequest("GET", "/x"),
            HTTPRequest("GET", ""), HTTPRequest("GET", "http://"), HTTPRequest("GET", "http:///x"),
            HTTPRequest("GET", "http://user:secret@example.com/"), HTTPRequest("GET", "http://example.com/a b"),
            HTTPRequest("GET", "http://example.com/ü"), HTTPRequest("GET", "http://example.com/\r\nX: y"),
            HTTPRequest("GET /", "http://example.com/"), HTTPRequest("", "http://example.com/"),
            HTTPRequest("GET", "http://example.com/", headers: ["A": "b\r\nC: d"]),
            HTTPRequest("GET", "http://example.com/", headers: ["A\r\nB": "c"]),
            HTTPRequest("GET", "http://example.com/", headers: ["": "c"]),
            HTTPRequest("GET", "http://example.com/", headers: ["A": "b\0c"]),
            HTTPRequest("GET", "http://example.com:x/"),
        ]
        for request in requests {
            await assertThrows(.invalidRequest, mayHaveReachedServer: false, request.target) {
                try await client.send(request)
            }
        }
    }

    func testErrorsSayTheHostAndNothingElseOfTheRequest() async throws {
        let server = try serve { _ = $0.readRequest() }
        let request = HTTPRequest(
            "POST", "http://127.0.0.1:\(server.port)/secret-path?token=secret-query",
            headers: ["Authorization": "secret-header"], body: Data("secret-body".utf8))
        do {
            _ = try await client().send(request)
            XCTFail("answered")
        } catch {
            XCTAssertEqual(
                "\(error)", "127.0.0.1:\(server.port): the connection ended before the response was complete")
            XCTAssertFalse(String(reflecting: error).contains("secret"))
        }
    }
}
