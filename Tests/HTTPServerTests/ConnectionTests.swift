import Foundation
import HTTPServer
import HTTPTypes
import XCTest

/// The connection's states without sockets: events in, actions out.
final class ConnectionTests: XCTestCase {
    private let limits = HTTPServerLimits(
        headTime: .seconds(1), bodyTime: .seconds(2), idleTime: .seconds(3), sendTime: .seconds(4))
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private let request = HTTPRequest("GET", "/", headers: ["Host": "h"])
    private let response = HTTPResponse(status: 200)

    private func connection() -> Connection { Connection(limits: limits, maximumBodyBytes: 10) }

    private func respond(_ response: HTTPResponse, answeringHead: Bool = false, closing: Bool = false)
        -> [Connection.Action]
    {
        [.setDeadline(.seconds(4)), .respond(response, answeringHead: answeringHead, closing: closing)]
    }

    func testOneRequestAfterTheOther() {
        var connection = connection()
        XCTAssertEqual(connection.opened(), [.setDeadline(.seconds(3))])
        for _ in 1...2 {
            XCTAssertEqual(connection.received("GET / HTTP".utf8), [.setDeadline(.seconds(1))])
            XCTAssertEqual(connection.received("/1.1\r\nHost".utf8), [])
            XCTAssertEqual(connection.received(": h\r\n\r\n".utf8), [.setDeadline(nil), .handle(request)])
            XCTAssertEqual(connection.responded(response), respond(response))
            XCTAssertEqual(connection.finished(), [.setDeadline(.seconds(3))])
        }
    }

    func testABodyHasItsOwnTime() {
        var connection = connection()
        XCTAssertEqual(
            connection.received("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n".utf8),
            [.setDeadline(.seconds(2))])
        XCTAssertEqual(connection.received("a".utf8), [])
        XCTAssertEqual(connection.expired(), respond(.init(status: 408), closing: true))
    }

    func testContinueIsSentBeforeTheBody() {
        var connection = connection()
        let head = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        XCTAssertEqual(connection.received(head.utf8), [.setDeadline(.seconds(2)), .sendContinue])
        // The interim response has left; that is no event for the request.
        XCTAssertEqual(connection.finished(), [])
        guard case .handle(let request) = connection.received("abc".utf8).last else { return XCTFail("no request") }
        XCTAssertEqual(request.body, Data("abc".utf8))
    }

    func testRequestsSentAheadWaitForTheirTurn() {
        var connection = connection()
        XCTAssertEqual(connection.received((get + get).utf8), [.setDeadline(nil), .handle(request)])
        XCTAssertEqual(connection.received(get.utf8), [])
        for _ in 1...2 {
            XCTAssertEqual(connection.responded(response), respond(response))
            XCTAssertEqual(
                connection.finished(), [.setDeadline(.seconds(3)), .setDeadline(nil), .handle(request)])
        }
        _ = connection.responded(response)
        XCTAssertEqual(connection.finished(), [.setDeadline(.seconds(3))])
    }

    func testAFloodOfRequestsSentAheadStopsTheReading() {
        var connection = connection()
        _ = connection.received(get.utf8)
        let flood = String(repeating: get, count: 3000)
        XCTAssertEqual(connection.received(flood.utf8), [.setReading(false)])
        var handled = 1
        var resumed = 0
        while true {
            _ = connection.responded(response)
            let actions = connection.finished()
            if actions.contains(.setReading(true)) { resumed += 1 }
            guard actions.contains(.handle(request)) else { break }
            handled += 1
        }
        XCTAssertEqual(handled, 3001)
        XCTAssertEqual(resumed, 1)
    }

    func testARefusedRequestEndsTheConnection() {
        var connection = connection()
        let actions = connection.received("nonsense\r\n\r\n\(get)".utf8)
        guard case .respond(let response, _, let closing) = actions.last else { return XCTFail("no response") }
        XCTAssertEqual(response.status, 400)
        XCTAssertTrue(closing)
        XCTAssertEqual(connection.received(get.utf8), [])
        XCTAssertEqual(connection.finished(), [.endOutput, .setReading(true), .setDeadline(.seconds(2))])
        XCTAssertEqual(connection.received(get.utf8), [])
        XCTAssertEqual(connection.expired(), [.close])
    }

    func testClosingIsAgreedOn() {
        var asked = connection()
        _ = asked.received("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)
        XCTAssertEqual(asked.responded(response), respond(response, answeringHead: true, closing: true))
        XCTAssertEqual(asked.finished(), [.endOutput, .setReading(true), .setDeadline(.seconds(2))])

        var told = connection()
        _ = told.received(get.utf8)
        let closing = HTTPResponse(status: 200, headers: ["Connection": "close"])
        XCTAssertEqual(told.responded(closing), respond(closing, closing: true))
    }

    func testDeadlines() {
        var idle = connection()
        XCTAssertEqual(idle.expired(), [.close])

        var slow = connection()
        _ = slow.received("GET".utf8)
        XCTAssertEqual(slow.expired(), respond(.init(status: 408), closing: true))

        // The handler takes as long as it takes.
        var handling = connection()
        _ = handling.received(get.utf8)
        XCTAssertEqual(handling.expired(), [])

        var stuck = connection()
        _ = stuck.received(get.utf8)
        _ = stuck.responded(response)
        XCTAssertEqual(stuck.expired(), [.close])
    }

    func testStopping() {
        var idle = connection()
        XCTAssertEqual(idle.stop(), [.close])

        var handling = connection()
        _ = handling.received(get.utf8)
        XCTAssertEqual(handling.stop(), [])
        XCTAssertEqual(handling.responded(response), respond(response, closing: true))

        var arriving = connection()
        _ = arriving.received("GET / HTTP/1.1\r\n".utf8)
        XCTAssertEqual(arriving.stop(), [])
        XCTAssertEqual(arriving.received("Host: h\r\n\r\n".utf8), [.setDeadline(nil), .handle(request)])
        XCTAssertEqual(arriving.responded(response), respond(response, closing: true))

        var sending = connection()
        _ = sending.received(get.utf8)
        _ = sending.responded(response)
        XCTAssertEqual(sending.stop(), [])
        XCTAssertEqual(sending.finished(), [.endOutput, .setReading(true), .setDeadline(.seconds(2))])
    }
}
