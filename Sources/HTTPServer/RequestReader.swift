import Foundation
package import HTTPTypes

/// Assembles one request after the other from the bytes of a connection. Pure: bytes in, progress out.
package struct RequestReader {
    /// How far the reader got with the bytes it has.
    package enum Progress: Equatable {
        /// No byte of a request yet.
        case idle
        /// In the middle of the head.
        case head
        /// In the middle of the body; `sendContinue` once, when the client waits for leave to send it.
        case body(sendContinue: Bool)
        /// A whole request; what comes after it stays unread until the next call.
        case request(HTTPRequest, keepsAlive: Bool)
    }

    private let limits: HTTPServerLimits
    private let maximumBodyBytes: Int
    /// What has arrived and is not yet part of a request; during the head, the head so far.
    private var unread: [UInt8] = []
    /// How far `unread` has been searched for the end of the head, so that each byte is looked at once.
    private var scanned = 0
    private var head: RequestHead?
    private var body: [UInt8] = []
    private var chunks = ChunkedBody()

    package init(limits: HTTPServerLimits, maximumBodyBytes: Int) {
        self.limits = limits
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// Bytes that wait for the request before them to be answered.
    var unreadCount: Int { unread.count }

    package mutating func append(_ bytes: some Collection<UInt8>) { unread.append(contentsOf: bytes) }

    /// Reads on, up to the end of one request.
    ///
    /// - Throws: the refusal to answer with; the connection has to be closed then, for the next request's start is
    ///   unknown.
    package mutating func next() throws(Refusal) -> Progress {
        var isNewHead = false
        if head == nil {
            guard let end = try findEndOfHead() else { return unread.isEmpty ? .idle : .head }
            head = try RequestHead(parsing: unread[..<(end - 2)], maximumFields: limits.headerFields)
            unread.removeFirst(end)
            scanned = 0
            isNewHead = true
        }
        guard let head else { return .head }
        guard try readBody(head.framing) else {
            return .body(sendContinue: isNewHead && head.expectsContinue && body.isEmpty && unread.isEmpty)
        }
        defer {
            self.head = nil
            body = []
            chunks = ChunkedBody()
            // Kept between requests, but not the size of a whole body.
            if unread.isEmpty, unread.capacity > 4096 { unread = [] }
        }
        let request = HTTPRequest(head.method, head.target, headers: head.headers, body: Data(body))
        return .request(request, keepsAlive: head.keepsAlive)
    }

    /// The index after the empty line that ends the head, or nil while it has not arrived.
    private mutating func findEndOfHead() throws(Refusal) -> Int? {
        // Empty lines before a request are skipped (RFC 9112, 2.2): old clients send one after a body.
        while unread.starts(with: [.carriageReturn, .lineFeed]) {
            unread.removeFirst(2)
            scanned = 0
        }
        while scanned < unread.count {
            let index = scanned
            scanned += 1
            guard index < limits.headBytes else {
                throw Refusal(431, "the header fields are longer than \(limits.headBytes) bytes")
            }
            switch unread[index] {
            case .lineFeed:
                guard index > 0, unread[index - 1] == .carriageReturn else {
                    throw Refusal(400, "a line ends without CR")
                }
                if index >= 3, unread[index - 2] == .lineFeed { return index + 1 }
            case 0:
                throw Refusal(400, "a NUL byte in the head")
            default:
                guard index == 0 || unread[index - 1] != .carriageReturn else {
                    throw Refusal(400, "CR without LF in the head")
                }
            }
        }
        return nil
    }

    /// Whether the body is complete.
    private mutating func readBody(_ framing: RequestHead.Framing) throws(Refusal) -> Bool {
        switch framing {
        case .length(let length):
            guard length <= maximumBodyBytes else { throw .bodyTooLarge(maximumBodyBytes) }
            let piece = unread.prefix(length - body.count)
            body.append(contentsOf: piece)
            unread.removeFirst(piece.count)
            return body.count == length
        case .chunked:
            var input = unread[...]
            try chunks.read(&input, into: &body, maximum: maximumBodyBytes)
            unread.removeFirst(unread.count - input.count)
            return chunks.isComplete
        }
    }
}
