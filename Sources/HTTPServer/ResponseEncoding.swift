import Foundation
package import HTTPTypes

extension HTTPResponse {
    /// The response as HTTP/1.1 sends it: with Date, Content-Length and, before the connection closes,
    /// `Connection: close`; without a body for HEAD, 204 and 304.
    ///
    /// Framing is the server's: the handler's Content-Length, Transfer-Encoding and Connection fields are left out.
    /// A status outside 200...599 becomes 500. Line breaks in a field value become spaces (RFC 9110, 5.5), so that no
    /// value can add a field of its own.
    package func encoded(answeringHead: Bool, closing: Bool, date: String) -> [UInt8] {
        let status = (200...599).contains(status) ? status : 500
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nDate: \(date)\r\n"
        for (name, value) in headers.fields where !name.isEmpty && name.utf8.allSatisfy(\.isTokenCharacter) {
            if Self.framingFields.contains(name.lowercased()) { continue }
            head += "\(name): \(Self.singleLine(value))\r\n"
        }
        let hasNoBody = status == 204 || status == 304
        if !hasNoBody { head += "Content-Length: \(body.count)\r\n" }
        if closing { head += "Connection: close\r\n" }
        head += "\r\n"
        var bytes: [UInt8] = []
        let sentBody = hasNoBody || answeringHead ? Data() : body
        bytes.reserveCapacity(head.utf8.count + sentBody.count)
        bytes.append(contentsOf: head.utf8)
        bytes.append(contentsOf: sentBody)
        return bytes
    }

    private static let framingFields: Set<String> = ["content-length", "transfer-encoding", "connection", "date"]

    private static func singleLine(_ value: String) -> String {
        let isControl: (UInt8) -> Bool = { $0 < .space && $0 != .tab || $0 == .delete }
        guard value.utf8.contains(where: isControl) else { return value }
        return String(decoding: value.utf8.map { isControl($0) ? .space : $0 }, as: UTF8.self)
    }

    /// For people who read along; programs go by the number, and an empty reason is valid (RFC 9112, 4).
    private static func reason(_ status: Int) -> String { reasons[status] ?? "" }

    private static let reasons = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 302: "Found",
        303: "See Other", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
        413: "Content Too Large", 415: "Unsupported Media Type", 417: "Expectation Failed",
        422: "Unprocessable Content", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]
}
