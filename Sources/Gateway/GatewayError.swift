public import HTTPTypes
import JSON

/// Why a request is refused, with the status that tells the sender what to do.
public struct GatewayError: Error, Sendable, CustomStringConvertible {
    /// The kind of refusal.
    public enum Code: String, Sendable, Hashable {
        /// 401: the signature, timestamp or secret is wrong. The sender's settings must change.
        case unauthorized
        /// 400: the body cannot be read.
        case malformed
        /// 404: nothing is there; check the address.
        case notFound = "not_found"
        /// 405: the address is right and the method is not.
        case methodNotAllowed = "method_not_allowed"
        /// 503: the database is away; the sender shall try again.
        case unavailable
    }

    /// The kind of refusal.
    public let code: Code
    /// What is wrong and what to do next; sent to the caller, so it holds no secret and nothing of the body.
    public let message: String
    /// What caused it; for our log only.
    public let underlying: (any Error)?

    init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(code.rawValue): \(message)" }

    /// The answer to the caller: `{"error":{"code","message"}}`.
    public var response: HTTPResponse {
        let status =
            switch code {
            case .unauthorized: 401
            case .malformed: 400
            case .notFound: 404
            case .methodNotAllowed: 405
            case .unavailable: 503
            }
        return .json(status, ["error": ["code": .string(code.rawValue), "message": .string(message)]])
    }
}
