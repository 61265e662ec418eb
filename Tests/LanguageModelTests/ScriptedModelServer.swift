import Foundation
import HTTPServer
import HTTPTypes
import JSON
import Synchronization
import XCTest

/// A server that answers chat completions as a test says, and keeps what it was asked.
final class ScriptedModelServer: Sendable {
    private let server: HTTPServer
    private let received: Received

    /// What was asked so far; apart from the server so that its handler need not hold the server itself.
    private final class Received: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
    }

    /// - Parameter answer: the response to the n-th question, from 0.
    init(_ answer: @escaping @Sendable (_ number: Int, _ body: JSONValue) -> HTTPResponse) {
        let received = Received()
        self.received = received
        server = HTTPServer { request in
            let number = received.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return answer(number, (try? JSONValue(parsing: request.body)) ?? .null)
        }
    }

    /// Starts it; the address.
    func start() async throws -> String { "http://127.0.0.1:\(try await server.start())" }
    func stop() async { await server.stop() }

    var requests: [HTTPRequest] { received.requests.withLock { $0 } }
    var bodies: [JSONValue] { requests.compactMap { try? JSONValue(parsing: $0.body) } }

    /// An answer with a text.
    static func text(_ text: String, finish: String = "stop") -> HTTPResponse {
        respond([
            "choices": [
                ["message": ["role": "assistant", "content": .string(text)], "finish_reason": .string(finish)]
            ],
            "usage": [
                "prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": ["cached_tokens": 60],
            ],
        ])
    }

    /// An answer of one letter with the probabilities of tokens.
    static func letter(_ letter: String, _ probabilities: [String: Double]) -> HTTPResponse {
        let top = probabilities.map { JSONValue.object(["token": .string($0.key), "logprob": .number(log($0.value))]) }
        return respond([
            "choices": [
                [
                    "message": ["content": .string(letter)], "finish_reason": "length",
                    "logprobs": ["content": [["token": .string(letter), "top_logprobs": .array(top)]]],
                ]
            ]
        ])
    }

    static func respond(_ body: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", text: body.canonicalText)
    }
}
