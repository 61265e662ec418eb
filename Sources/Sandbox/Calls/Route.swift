import Foundation
import HTTPTypes

/// One method and path of a stand-in's API, and what answers it.
struct Route<System>: Sendable {
    /// Throws nothing but ``Refusal``; a closure cannot say so without writing out its whole signature.
    typealias Handler = @Sendable (inout System, Call) throws -> HTTPResponse

    private let method: String
    private let pattern: [Substring]
    private let handler: Handler

    /// Creates a route. `pattern` is a path whose `{name}` segments match any one segment.
    init(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = Substring(pattern).split(separator: "/")
        self.handler = handler
    }

    /// The path's named parts when the route matches.
    private func match(_ method: String, _ path: [Substring]) -> [String: String]? {
        guard method == self.method, path.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (expected, actual) in zip(pattern, path) {
            if expected.hasPrefix("{") {
                parameters[String(expected.dropFirst().dropLast())] = actual.removingPercentEncoding ?? String(actual)
            } else if expected != actual {
                return nil
            }
        }
        return parameters
    }

    /// Answers by the first route that matches, literal segments in a table therefore before `{name}` ones;
    /// `nil` when none does.
    static func answer(_ call: Call, path: String, by routes: [Route], on system: inout System) throws(Refusal)
        -> HTTPResponse?
    {
        let segments = Substring(path).split(separator: "/")
        for route in routes {
            guard let parameters = route.match(call.request.method, segments) else { continue }
            var matched = call
            matched.parameters = parameters
            do {
                return try route.handler(&system, matched)
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                throw Refusal(HTTPResponse(status: 500, contentType: "text/plain", text: "\(error)"))
            }
        }
        return nil
    }
}
