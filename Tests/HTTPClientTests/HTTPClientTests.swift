import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import Synchronization
import XCTest

/// The client with our own server at the other end.
final class HTTPClientTests: XCTestCase {
    private func client(_ configuration: HTTPClientConfiguration = .init()) -> HTTPClient {
        let client = HTTPClient(configuration: configuration)
        addTeardownBlock { await client.close() }
        return client
    }

    private func serve(_ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) async throws -> String {
        let server = HTTPServer(handler: handler)
        addTeardownBlock { await server.stop(within: .zero) }
        return "http://127.0.0.1:\(try await server.start())"
    }

    func testWhatIsSentIsWhatArrives() async throws {
        let seen = Mutex<[HTTPRequest]>([])
        let url = try await serve { request in
            seen.withLock { $0.append(request) }
            return HTTPResponse(status: 201, headers: ["X-B": "2", "X-A": "1", "x-b": ""], body: Data([0, 255, 10]))
        }
        let headers: HTTPHeaders = ["X-One": "1", "X-Empty": "", "x-one": "zwei ü", "Content-Length": "7"]
        let response = try await client().send(
            HTTPRequest("PATCH", url + "/a/../b//c%2F?d=%zz&e", headers: headers, body: Data([0, 1, 2])))
        XCTAssertEqual(response.status, 201)
        XCTAssertEqual(response.body, Data([0, 255, 10]))
        let fields = response.headers.fields.filter { $0.name.lowercased().hasPrefix("x-") }
        XCTAssertEqual(fields.map { "\($0.name)=\($0.value)" }, ["X-B=2", "X-A=1", "x-b="])

        let request = try XCTUnwrap(seen.withLock { $0.first })
        XCTAssertEqual(request.method, "PATCH")
        XCTAssertEqual(request.target, "/a/../b//c%2F?d=%zz&e")
        XCTAssertEqual(request.body, Data([0, 1, 2]))
        XCTAssertEqual(request.headers.values("X-One"), ["1", "zwei ü"])
        XCTAssertEqual(request.headers.values("X-Empty"), [""])
        XCTAssertEqual(request.headers.values("Content-Length"), ["3"])
        XCTAssertEqual(request.headers["User-Agent"], "leadwright")
        for name in ["Accept", "Content-Type", "Expect"] { XCTAssertNil(request.headers[name]) }
    }

    func testTimesThatAreAsGoodAsNone() async throws {
        let server = HTTPServer(limits: .init(idleTime: .seconds(Int64.max))) { _ in HTTPResponse(status: 204) }
        let port = try await server.start()
        let response = try await client(.init(connectTimeout: .seconds(Int64.max))).send(
            HTTPRequest("GET", "http://127.0.0.1:\(port)/"), timeout: .seconds(Int64.max))
        XCTAssertEqual(response.status, 204)
        await server.stop()
    }

    func testLargeBodiesBothWays() async throws {
        let url = try await serve { HTTPResponse(status: 200, body: $0.body) }
        let body = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) })
        let response = try await client().send(HTTPRequest("POST", url, body: body))
        XCTAssertEqual(response.body, body)
    }

    func testConnectionsAreSharedAndLimited() async throws {
        let running = Atomic(0)
        let most = Atomic(0)
        let url = try await serve { request in
            most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            await Task.yield()
            running.subtract(1, ordering: .relaxed)
            return HTTPResponse(status: 200, body: Data(request.path.utf8))
        }
        let client = client(.init(connectionsPerHost: 4))
        let right = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask {
                    try await client.send(HTTPRequest("GET", "\(url)/\(number)")).body == Data("/\(number)".utf8)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        XCTAssertEqual(right, 300)
        XCTAssertLessThanOrEqual(most.load(ordering: .relaxed), 4)
    }

    func testRedirectsAreAnswersLikeOthers() async throws {
        let url = try await serve { request in
            request.path == "/" ? HTTPResponse(status: 302, headers: ["Location": "/next"]) : HTTPResponse(status: 200)
        }
        let response = try await client().send(HTTPRequest("GET", url))
        XCTAssertEqual(response.status, 302)
        XCTAssertEqual(response.headers["Location"], "/next")
    }

    func testCompressedResponses() async throws {
        // "hello hello hello hello" by gzip -n.
        let packed = try XCTUnwrap(Data(base64Encoded: "H4sIAAAAAAAAA8tIzcnJV8hAJwHjUT2NFwAAAA=="))
        let url = try await serve { request in
            request.headers["Accept-Encoding"] == "gzip"
                ? HTTPResponse(status: 200, headers: ["Content-Encoding": "gzip"], body: packed)
                : HTTPResponse(status: 200, body: Data("plain".utf8))
        }
        let unpacked = try await client().send(HTTPRequest("GET", url))
        XCTAssertEqual(unpacked.body, Data("hello hello hello hello".utf8))
        let plain = try await client(.init(acceptsGzip: false)).send(HTTPRequest("GET", url))
        XCTAssertEqual(plain.body, Data("plain".utf8))
        // The limit holds for what comes out of the packing.
        await assertThrows(.bodyTooLarge, mayHaveReachedServer: true) {
            [client = client(.init(maximumBodyBytes: 22))] in
            try await client.send(HTTPRequest("GET", url))
        }
    }

    func testTheEnvironmentsProxyIsNotUsed() async throws {
        let url = try await serve { _ in HTTPResponse(status: 204) }
        for name in ["http_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:9", 1) }
        defer { for name in ["http_proxy", "ALL_PROXY"] { unsetenv(name) } }
        let response = try await client().send(HTTPRequest("GET", url))
        XCTAssertEqual(response.status, 204)
    }

    func testAProxyThatIsConfiguredIsUsed() async throws {
        let proxy = try await serve { HTTPResponse(status: 200, body: Data($0.target.utf8)) }
        let response = try await client(.init(proxy: proxy)).send(HTTPRequest("GET", "http://example.invalid/x?y"))
        XCTAssertEqual(String(decoding: response.body, as: UTF8.self), "http://example.invalid/x?y")
    }

    func testPrivateAddressesAreRefusedHoweverTheyAreWritten() async throws {
        let asked = Atomic(false)
        let url = try await serve { _ in
            asked.store(true, ordering: .relaxed)
            return HTTPResponse(status: 200)
        }
        let port = try XCTUnwrap(url.split(separator: ":").last)
        let client = client(.init(allowPrivateAddresses: false))
        var hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "0"]
        if FileManager.default.fileExists(atPath: "/proc/net/if_inet6") { hosts += ["[::1]", "[::ffff:127.0.0.1]"] }
        for host in hosts {
            await assertThrows(.addressRefused, mayHaveReachedServer: false, host) {
                try await client.send(HTTPRequest("GET", "http://\(host):\(port)/"))
            }
        }
        XCTAssertFalse(asked.load(ordering: .relaxed))
    }

    func testCancelling() async throws {
        let began = expectation(description: "began")
        let url = try await serve { _ in
            began.fulfill()
            await untilCancelled()
            return HTTPResponse(status: 200)
        }
        let client = client()
        let request = Task { try await client.send(HTTPRequest("POST", url)) }
        await fulfillment(of: [began], timeout: 10)
        request.cancel()
        await assertThrows(.cancelled, mayHaveReachedServer: true) { try await request.value }

        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(HTTPRequest("POST", url))
        }
        await assertThrows(.cancelled, mayHaveReachedServer: false) { try await early.value }
    }

    func testClosing() async throws {
        let began = expectation(description: "began")
        let url = try await serve { _ in
            began.fulfill()
            await untilCancelled()
            return HTTPResponse(status: 200)
        }
        let client = client()
        let request = Task { try await client.send(HTTPRequest("GET", url)) }
        await fulfillment(of: [began], timeout: 10)
        await client.close()
        await assertThrows(.closed, mayHaveReachedServer: true) { try await request.value }
        await assertThrows(.closed, mayHaveReachedServer: false) { try await client.send(HTTPRequest("GET", url)) }
        await client.close()
    }
}

/// Returns when the task is cancelled.
private func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    // Also keeps the stream from ending before.
    defer { continuation.finish() }
    for await _ in stream {}
}

/// Runs `work` and checks how it fails.
func assertThrows(
    _ code: HTTPClientError.Code, mayHaveReachedServer: Bool, _ note: String = "", file: StaticString = #filePath,
    line: UInt = #line, _ work: () async throws -> HTTPResponse
) async {
    do {
        let response = try await work()
        XCTFail("\(note) answered \(response.status), but \(code) was expected", file: file, line: line)
    } catch let error as HTTPClientError {
        XCTAssertEqual(error.code, code, note, file: file, line: line)
        XCTAssertEqual(error.mayHaveReachedServer, mayHaveReachedServer, "\(note) \(error)", file: file, line: line)
    } catch {
        XCTFail("\(note) \(error)", file: file, line: line)
    }
}
