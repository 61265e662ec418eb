import CRM
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
        /// 422: the database cannot hold a value in it. The same again will not help.
        case unstorable
        /// 503, to Zapier 429: the database is away; the sender shall try again.
        case unavailable
        /// 503, to Zapier 429: more requests wait than are taken in; the sender shall try again.
        case overloaded
    }

    /// The kind of refusal.
    public let code: Code
    /// What is wrong and what to do next; sent to the caller, so it holds no secret and nothing of the body.
    public let message: String
    /// What caused it; for our log only.
    public let underlying: (any Error)?
    /// Who is answered, where that is known; it decides how to ask for another try.
    private let system: CRMSystem?

    init(_ code: Code, _ message: String, to system: CRMSystem? = nil, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.system = system
        self.underlying = underlying
    }

    public var description: String { "\(code.rawValue): \(message)" }

    /// The answer to the caller: `{"error":{"code","message"}}`.
    public var response: HTTPResponse {
        var response = HTTPResponse.json(
            status, ["error": ["code": .string(code.rawValue), "message": .string(message)]])
        if asksForPatience, system != .hubspot { response.headers["Retry-After"] = "5" }
        return response
    }

    private var asksForPatience: Bool { code == .unavailable || code == .overloaded }

    /// Zapier repeats a step only after 429, when the seconds in Retry-After have passed; any other error ends it. HubSpot
    /// repeats after any status, but its workflows take Retry-After for milliseconds, so it gets none. Salesforce repeats
    /// whatever it was not acknowledged.
    private var status: Int {
        switch code {
        case .unauthorized: 401
        case .malformed: 400
        case .notFound: 404
        case .methodNotAllowed: 405
        case .unstorable: 422
        case .unavailable, .overloaded: system == .zapier ? 429 : 503
        }
    }
}
