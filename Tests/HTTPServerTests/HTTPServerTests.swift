import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import Synchronization
import XCTest

/// The server over real sockets, with our client.
final class HTTPServerTests: XCTestCase {
    private let client = HTTPClient()

    override func tearDown() async throws { await client.close() }

    private func serve(
        limits: HTTPServerLimits = .init(), _ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) async throws -> (server: HTTPServer, port: Int) {
        let server = HTTPServer(limits: limits, handler: handler)
        let port = try await server.start()
        addTeardownBlock { await server.stop(within: .zero) }
        return (server, port)
    }

    func testMethodsAndBodies() async throws {
        let (_, port) = try await serve { request in
            HTTPResponse(
                status: 200, headers: ["X-Method": request.method, "X-Target": request.target], body: request.body)
        }
        let body = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            for body in [Data(), body] {
                let response = try await client.send(.init(method, "http://127.0.0.1:\(port)/a/../b?c=%2f", body: body))
                XCTAssertEqual(response.status, 200)
                XCTAssertEqual(response.headers["x-method"], method)
                XCTAssertEqual(response.headers["x-target"], "/a/../b?c=%2f")
                XCTAssertEqual(response.body, body, method)
            }
        }
        let head = try await client.send(.init("HEAD", "http://127.0.0.1:\(port)/"))
        XCTAssertEqual(head.headers["X-Method"], "HEAD")
        XCTAssertEqual(head.body, Data())
    }

    func testLargeResponses() async throws {
        let body = Data((0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        let (_, port) = try await serve { _ in HTTPResponse(status: 200, body: body) }
        let response = try await client.send(.init("GET", "http://127.0.0.1:\(port)/"))
        XCTAssertEqual(response.body, body)
    }

    func testManyConnectionsAtOnce() async throws {
        let gate = Gate()
        let waiting = Atomic(0)
        let all = expectation(description: "every request reached its handler")
        let (_, port) = try await serve { request in
            if waiting.add(1, ordering: .relaxed).newValue == 200 { all.fulfill() }
            await gate.pass()
            return HTTPResponse(status: 200, contentType: "text/plain", text: request.path)
        }
        let client = HTTPClient(configuration: .init(connectionsPerHost: 200))
        let requests = Task {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let response = try await client.send(.init("GET", "http://127.0.0.1:\(port)/\(number)"))
                        return response.body == Data("/\(number)".utf8)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        await fulfillment(of: [all], timeout: 30)
        gate.open()
        let right = try await requests.value
        XCTAssertEqual(right, 200)
        await client.close()
    }

    func testAHandlerIsCancelledWhenItsClientGoesAway() async throws {
        let began = expectation(description: "began")
        let cancelled = expectation(description: "cancelled")
        let (_, port) = try await serve { _ in
            began.fulfill()
            await Gate().pass()
            if Task.isCancelled { cancelled.fulfill() }
            return HTTPResponse(status: 200)
        }
        let request = Task { [client] in try await client.send(.init("GET", "http://127.0.0.1:\(port)/")) }
        await fulfillment(of: [began], timeout: 10)
        request.cancel()
        await fulfillment(of: [cancelled], timeout: 10)
    }

    func testStoppingFinishesWhatHasBegun() async throws {
        let gate = Gate()
        let began = expectation(description: "began")
        let (server, port) = try await serve { _ in
            began.fulfill()
            await gate.pass()
            return HTTPResponse(status: 200, contentType: "text/plain", text: "done")
        }
        let idle = try RawClient(port: port)
        let request = Task { [client] in try await client.send(.init("GET", "http://127.0.0.1:\(port)/")) }
        await fulfillment(of: [began], timeout: 10)
        let stopped = Task { await server.stop() }
        // The idle connection ends, which shows that the stop has begun; nobody listens any more.
        let rest = try await idle.readToEnd()
        XCTAssertEqual(rest, "")
        XCTAssertThrowsError(try RawClient(port: port))
        gate.open()
        let response = try await request.value
        XCTAssertEqual(response.body, Data("done".utf8))
        XCTAssertEqual(response.headers["Connection"], "close")
        await stopped.value
        await server.stop()
    }

    func testStoppingCutsOffWhatTakesTooLong() async throws {
        let began = expectation(description: "began")
        let cancelled = expectation(description: "cancelled")
        let (server, port) = try await serve { _ in
            began.fulfill()
            await Gate().pass()
            cancelled.fulfill()
            return HTTPResponse(status: 200)
        }
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await fulfillment(of: [began], timeout: 10)
        await server.stop(within: .milliseconds(50))
        await fulfillment(of: [cancelled], timeout: 10)
        let rest = try await client.readToEnd()
        XCTAssertEqual(rest, "")
    }

    func testStoppingClosesKeptConnectionsAtOnce() async throws {
        let (server, port) = try await serve { _ in HTTPResponse(status: 204) }
        let clients = try (1...3).map { _ in try RawClient(port: port) }
        for client in clients {
            try client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await client.response()
        }
        let stopped = expectation(description: "stopped long before the grace is over")
        Task {
            await server.stop(within: .seconds(60))
            stopped.fulfill()
        }
        await fulfillment(of: [stopped], timeout: 10)
    }

    func testAServerThatIsForgottenEnds() async throws {
        var server: HTTPServer? = HTTPServer { _ in HTTPResponse(status: 200) }
        let port = try await XCTUnwrap(server).start()
        let client = try RawClient(port: port)
        server = nil
        let rest = try await client.readToEnd()
        XCTAssertEqual(rest, "")
    }

    func testWhyAServerDoesNotStart() async throws {
        let (first, port) = try await serve { _ in HTTPResponse(status: 200) }
        let cases: [(HTTPServer, HTTPServerError.Code)] = [
            (HTTPServer(port: port) { _ in HTTPResponse(status: 200) }, .addressInUse),
            (HTTPServer(host: "192.0.2.1") { _ in HTTPResponse(status: 200) }, .badAddress),
            (HTTPServer(port: 70000) { _ in HTTPResponse(status: 200) }, .badAddress),
            (first, .alreadyStarted),
        ]
        for (server, code) in cases {
            do {
                _ = try await server.start()
                XCTFail("started, but expected \(code)")
            } catch {
                XCTAssertEqual(error.code, code)
            }
        }
    }

    func testConnectionsBeyondTheLimitWait() async throws {
        let served = Mutex<[String]>([])
        let (_, port) = try await serve(limits: .init(connections: 2)) { request in
            served.withLock { $0.append(request.path) }
            return HTTPResponse(status: 204)
        }
        var first: RawClient? = try RawClient(port: port)
        let second = try RawClient(port: port)
        try first?.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try await first?.response()
        let third = try RawClient(port: port)
        try third.send("GET /3 HTTP/1.1\r\nHost: h\r\n\r\n")
        for _ in 1...5 {
            try second.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await second.response()
        }
        XCTAssertEqual(served.withLock { $0 }, ["/1"] + Array(repeating: "/2", count: 5))
        first = nil
        let response = try await third.response()
        XCTAssertTrue(response.head.hasPrefix("HTTP/1.1 204 "))
    }

    func testSeveralServersStartAndStopAtOnce() async throws {
        let right = try await withThrowingTaskGroup(of: Bool.self) { [client] group in
            for number in 0..<16 {
                group.addTask {
                    let server = HTTPServer { _ in HTTPResponse(status: 200, body: Data("\(number)".utf8)) }
                    let port = try await server.start()
                    let response = try await client.send(.init("GET", "http://127.0.0.1:\(port)/"))
                    await server.stop()
                    return response.body == Data("\(number)".utf8)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        XCTAssertEqual(right, 16)
    }

    func testIPv6AndEveryInterface() async throws {
        let hasIPv6 = FileManager.default.fileExists(atPath: "/proc/net/if_inet6")
        for host in hasIPv6 ? ["::1", "*"] : ["*"] {
            let server = HTTPServer(host: host) { _ in HTTPResponse(status: 204) }
            let port = try await server.start()
            let address = host == "*" ? "127.0.0.1" : "[::1]"
            let response = try await client.send(.init("GET", "http://\(address):\(port)/"))
            XCTAssertEqual(response.status, 204)
            await server.stop()
        }
    }
}
