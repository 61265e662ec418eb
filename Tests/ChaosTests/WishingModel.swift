import Foundation
import HTTPServer
import HTTPTypes
import JSON
import Synchronization

/// A model server that never writes the same sentence twice, so that a text that was made twice shows.
final class WishingModel: Sendable {
    private let server: HTTPServer

    init() {
        let count = Mutex(0)
        server = HTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            let answer: JSONValue = [
                "choices": [["message": ["content": .string(Self.sentence(number))], "finish_reason": "stop"]]
            ]
            return HTTPResponse(status: 200, contentType: "application/json", text: answer.canonicalText)
        }
    }

    /// Starts it; the address.
    func start() async throws -> String { "http://127.0.0.1:\(try await server.start())" }

    func stop() async { await server.stop(within: .zero) }

    /// The n-th sentence, of 65,536. Words, because the checks refuse numbers and names that are in no input.
    static func sentence(_ number: Int) -> String {
        let digits = (0..<4).map { words[number >> (4 * $0) & 15] }
        return "We wish you a \(digits[3]), \(digits[2]), \(digits[1]) and \(digits[0]) walk home."
    }

    private static let words = [
        "calm", "quiet", "gentle", "steady", "bright", "simple", "plain", "warm", "soft", "clear", "tidy", "mild",
        "fresh", "slow", "kind", "dry",
    ]
}
