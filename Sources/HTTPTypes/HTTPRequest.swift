public import Foundation

/// One HTTP request, sent by `HTTPClient` or received by `HTTPServer`.
public struct HTTPRequest: Sendable, Hashable {
    /// The method in capitals.
    public var method: String
    /// When sent, an absolute URL; when received, the path with its query exactly as it came.
    public var target: String
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body as raw bytes; empty when there is none.
    public var body: Data

    /// Creates a request.
    public init(_ method: String, _ target: String, headers: HTTPHeaders = [:], body: Data = Data()) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The target without scheme, host and query, still percent-encoded: `/webhooks/acme`.
    public var path: String {
        let end = target.firstIndex { $0 == "?" || $0 == "#" } ?? target.endIndex
        var rest = target[..<end]
        // Only an absolute URL has a scheme: "://" in a path is part of the path.
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" }
        }
        return rest.isEmpty ? "/" : String(rest)
    }

    /// The query's name and value pairs in order, percent-decoded, `+` read as a space.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return FormEncoding.decode(String(target[target.index(after: mark)...].prefix { $0 != "#" }))
    }
}
