public import Foundation

/// One HTTP response.
public struct HTTPResponse: Sendable, Hashable {
    /// The status code, 100 to 599.
    public var status: Int
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body as raw bytes.
    public var body: Data

    /// Creates a response.
    public init(status: Int, headers: HTTPHeaders = [:], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response with a text body and its content type.
    public init(status: Int, contentType: String, text: String) {
        self.init(status: status, headers: ["Content-Type": contentType], body: Data(text.utf8))
    }

    /// Whether the status is one of the 2xx.
    public var isSuccess: Bool { (200..<300).contains(status) }
}
