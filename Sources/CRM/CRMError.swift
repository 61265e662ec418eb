/// What went wrong between us and a CRM, sorted by what to do about it.
public struct CRMError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable, Codable {
        /// A delivery's body cannot be read.
        case malformedDelivery = "malformed_delivery"
        /// The credentials are wrong, expired or missing, also after one refresh.
        case unauthorized
        /// The credentials are right and lack a scope or a permission.
        case forbidden
        /// The record or target does not exist, or no longer.
        case notFound = "not_found"
        /// Another writer was there first: a duplicate, a locked row.
        case conflict
        /// The content was refused: an unknown property, a value too long.
        case rejected
        /// A call budget is used up; wait, and count no attempt.
        case rateLimited = "rate_limited"
        /// The system does not answer, or answers with a 5xx.
        case unavailable
        /// The answer is not what the contract says.
        case malformedAnswer = "malformed_answer"
        /// The call may or may not have taken effect: read back before doing anything else.
        case unknownResult = "unknown_result"
        /// Our own settings are incomplete.
        case misconfigured
        /// The receiver is gone for good (Zapier's 410): stop sending there.
        case receiverGone = "receiver_gone"
    }

    /// What the caller should do next.
    public enum Remedy: Sendable, Hashable {
        /// Try again after the usual backoff, counting an attempt.
        case retry
        /// Try again after this long, without counting an attempt.
        case postpone(Duration)
        /// Look at the CRM before trying again.
        case readBack
        /// Trying again cannot help; a person must act.
        case giveUp
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next, fit for a log: no secret, no personal data.
    public let message: String
    /// The HTTP status, if there was one.
    public let status: Int?
    /// How long the system asked us to wait.
    public let retryAfter: Duration?
    /// The property or field that was refused.
    public let field: String?
    /// The system's own id for the failure, for its support: HubSpot's `correlationId`.
    public let correlationID: String?
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(
        _ code: Code, _ message: String, status: Int? = nil, retryAfter: Duration? = nil, field: String? = nil,
        correlationID: String? = nil, underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.retryAfter = retryAfter
        self.field = field
        self.correlationID = correlationID
        self.underlying = underlying
    }

    /// What to do next, by the kind of failure.
    public var remedy: Remedy {
        switch code {
        case .rateLimited: .postpone(retryAfter ?? .seconds(10))
        case .unavailable, .conflict: retryAfter.map { .postpone($0) } ?? .retry
        case .malformedAnswer: .retry
        case .unknownResult: .readBack
        // Waited out where somebody knows that it passes: the connection rests, the record was merged into another.
        case .unauthorized, .notFound: retryAfter.map { .postpone($0) } ?? .giveUp
        case .malformedDelivery, .forbidden, .rejected, .misconfigured, .receiverGone:
            .giveUp
        }
    }

    /// The same failure, to be waited out for that long.
    public func waiting(_ delay: Duration) -> CRMError {
        CRMError(
            code, message, status: status, retryAfter: delay, field: field, correlationID: correlationID,
            underlying: underlying)
    }

    public var description: String {
        let place = [
            status.map { "HTTP \($0)" }, field.map { "field \($0)" }, correlationID.map { "correlation \($0)" },
        ]
        let details = place.compactMap { $0 }.joined(separator: ", ")
        return details.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue): \(message) (\(details))"
    }
}
