/// Why a request has no response.
///
/// Descriptions name the host and the reason, never a path, query, header or body: those carry secrets and personal
/// data.
public struct HTTPClientError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure that a caller may treat differently.
    public enum Code: Sendable, Hashable {
        /// The request cannot be sent as it is: no http or https URL, or a line break in a field.
        case invalidRequest
        /// The host's name has no address.
        case resolve
        /// Nothing answers at the address.
        case cannotConnect
        /// The address is not a public one and the configuration allows public ones only.
        case addressRefused
        /// The certificate or the encrypted connection was not good.
        case tls
        /// The time was up.
        case timeout
        /// The connection ended before the whole response was there.
        case connectionLost
        /// The server's answer is no HTTP response.
        case invalidResponse
        /// The response's body is larger than the configuration allows.
        case bodyTooLarge
        /// The task was cancelled.
        case cancelled
        /// The client was closed.
        case closed
    }

    /// What kind of failure it was.
    public let code: Code
    /// The host and the reason, in a sentence.
    public let message: String
    /// Whether any byte of the request had left: the server may have acted on it, so the result of a write is unknown
    /// and has to be read back. When false, the request can be sent again without a risk.
    public let mayHaveReachedServer: Bool

    /// Creates an error.
    public init(_ code: Code, _ message: String, mayHaveReachedServer: Bool = false) {
        self.code = code
        self.message = message
        self.mayHaveReachedServer = mayHaveReachedServer
    }

    public var description: String { message }
}
