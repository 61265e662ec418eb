import HTTPTypes

/// The request line and header fields of one HTTP/1 request, read strictly by RFC 9112.
///
/// Whatever two parties could read in two ways is refused, because a proxy in front of us may have read it the other
/// way (request smuggling): bare line feeds, folded lines, space before a colon, a second length, a length beside
/// chunks.
struct RequestHead: Equatable {
    /// How the end of the body is found (RFC 9112, 6.3).
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }

    var method: String
    /// Byte for byte as it was sent: HubSpot's signature covers it, so nothing is decoded or normalised.
    var target: String
    var headers: HTTPHeaders
    var framing: Framing
    var keepsAlive: Bool
    /// The client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool
}

/// The refusal of a request: the status to answer with, and a sentence for whoever looks into it.
package struct Refusal: Error, Equatable {
    package var status: Int
    package var reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

extension RequestHead {
    /// Reads a head; every line of it ends in CR LF, and the empty line at its end is left out.
    init(parsing lines: ArraySlice<UInt8>, maximumFields: Int) throws(Refusal) {
        var rest = lines
        guard let requestLine = Self.takeLine(&rest) else { throw Refusal(400, "the request line is missing") }
        let version: Int
        (method, target, version) = try Self.requestLine(requestLine)
        headers = try Self.fields(&rest, maximum: maximumFields)
        framing = try Self.framing(headers, version: version)
        let connection = headers.tokens("Connection")
        keepsAlive = version == 1 ? !connection.contains("close") : connection.contains("keep-alive")
        expectsContinue = try Self.expectation(headers, version: version)
        guard version == 0 || headers.values("Host").count == 1 else { throw Refusal(400, "one Host field is needed") }
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: .carriageReturn) else { return nil }
        defer { rest = rest[(end + 2)...] }
        return rest[..<end]
    }

    private static func requestLine(_ line: ArraySlice<UInt8>) throws(Refusal) -> (String, String, Int) {
        let parts = line.split(separator: .space, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].starts(with: "HTTP/".utf8) else {
            throw Refusal(400, "the request line is not \"METHOD TARGET HTTP/1.1\"")
        }
        guard !parts[0].isEmpty, parts[0].count <= 32, parts[0].allSatisfy(\.isTokenCharacter) else {
            throw Refusal(400, "the method is not a token")
        }
        let version: Int
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.1": version = 1
        case "HTTP/1.0": version = 0
        default: throw Refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        let method = String(decoding: parts[0], as: UTF8.self)
        let target = String(decoding: parts[1], as: UTF8.self)
        let isKnownForm = target.hasPrefix("/") || target.hasPrefix("http://") || target.hasPrefix("https://")
        guard parts[1].allSatisfy({ $0 > .space && $0 < .delete }),
            isKnownForm || (target == "*" && method == "OPTIONS")
        else { throw Refusal(400, "the target is neither a path nor a URL") }
        return (method, target, version)
    }

    private static func fields(_ rest: inout ArraySlice<UInt8>, maximum: Int) throws(Refusal) -> HTTPHeaders {
        var fields: [(name: String, value: String)] = []
        while let line = takeLine(&rest) {
            guard fields.count < maximum else { throw Refusal(431, "more than \(maximum) header fields") }
            guard let colon = line.firstIndex(of: .colon), colon > line.startIndex,
                line[..<colon].allSatisfy(\.isTokenCharacter)
            else { throw Refusal(400, "header field \(fields.count + 1) has no valid name") }
            let value = line[(colon + 1)...].trimmingBlanks
            guard value.allSatisfy({ $0 >= .space && $0 != .delete || $0 == .tab }) else {
                throw Refusal(400, "header field \(fields.count + 1) has a control character")
            }
            fields.append((name: String(decoding: line[..<colon], as: UTF8.self), value: text(value)))
        }
        return HTTPHeaders(fields)
    }

    /// UTF-8 where it is valid, else ISO 8859-1, which RFC 9110 names as the history of these bytes; nothing is lost.
    private static func text(_ value: ArraySlice<UInt8>) -> String {
        String(validating: value, as: UTF8.self) ?? String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
    }

    private static func framing(_ headers: HTTPHeaders, version: Int) throws(Refusal) -> Framing {
        let lengths = headers.values("Content-Length")
        let codings = headers.values("Transfer-Encoding")
        if !codings.isEmpty {
            guard lengths.isEmpty, version == 1 else {
                throw Refusal(400, "Transfer-Encoding beside Content-Length or in HTTP/1.0")
            }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw Refusal(501, "the only transfer coding understood is chunked")
            }
            return .chunked
        }
        guard let first = lengths.first else { return .length(0) }
        guard lengths.count == 1, !first.isEmpty, first.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Refusal(400, "Content-Length is not one number")
        }
        // More digits than Int holds is a number all the same, and larger than any limit.
        return .length(Int(first) ?? .max)
    }

    private static func expectation(_ headers: HTTPHeaders, version: Int) throws(Refusal) -> Bool {
        guard version == 1, let expectation = headers["Expect"] else { return false }
        guard expectation.lowercased() == "100-continue" else { throw Refusal(417, "unknown expectation") }
        return true
    }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let delete: UInt8 = 0x7F

    /// RFC 9110, 5.6.2: what names of methods and header fields are made of.
    var isTokenCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    var trimmingBlanks: ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 == .space || $0 == .tab }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return []
        }
        return self[first...last]
    }
}
