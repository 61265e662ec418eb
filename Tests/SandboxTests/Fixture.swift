import Foundation
import HTTPTypes
import JSON
import Sandbox

/// The contract's examples.
enum Fixture {
    static func data(_ name: String) throws -> Data {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        return try Data(contentsOf: folder.appending(path: name))
    }

    static func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: data(name)) }
}

/// A call's answer, read.
struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: JSONValue
}

extension SandboxSystem {
    /// Calls the system's API as a test writes it.
    mutating func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, headers: HTTPHeaders = [:],
        now: Date = Clock.start
    ) -> Answer {
        let request = HTTPRequest(method, path, headers: headers, body: body?.canonicalData ?? Data())
        return Self.read(answer(request, now: now).response)
    }

    /// Calls the administration.
    @discardableResult
    mutating func administer(_ method: String, _ path: String, _ body: JSONValue? = nil, now: Date = Clock.start)
        -> Answer
    {
        let request = HTTPRequest(method, "/sandbox/\(path)", body: body?.canonicalData ?? Data())
        return Self.read(administration(request, now: now))
    }

    /// Sends everything that is waiting to a receiver that answers alike, and returns the requests.
    mutating func deliver(to response: HTTPResponse? = HTTPResponse(status: 204), now: Date = Clock.start)
        -> [HTTPRequest]
    {
        var requests: [HTTPRequest] = []
        while case let attempts = outbox.start(now: now), !attempts.isEmpty {
            for attempt in attempts {
                requests.append(request(for: attempt, now: now))
                let accepted = accepts(response, for: attempt, now: now)
                outbox.finish(attempt, accepted: accepted, now: now)
            }
        }
        return requests
    }

    private static func read(_ response: HTTPResponse) -> Answer {
        Answer(
            status: response.status, headers: response.headers,
            body: (try? JSONValue(parsing: response.body)) ?? .null)
    }
}

/// The time in tests that no test measures.
enum Clock {
    static let start = Date(timeIntervalSince1970: 1_795_100_000)

    static func after(_ seconds: Double) -> Date { start.addingTimeInterval(seconds) }
}
