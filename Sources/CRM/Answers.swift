public import HTTPTypes
public import JSON

extension HTTPResponse {
    /// The body as JSON.
    ///
    /// - Throws: `malformedAnswer` with the place of the first error, and without any of the body.
    public func json() throws(CRMError) -> JSONValue {
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw CRMError(.malformedAnswer, "the answer is \(error)", status: status, underlying: error)
        }
    }

    /// How long `Retry-After` asks to wait, when it gives seconds; at most a day.
    public var retryAfter: Duration? {
        guard let text = headers["Retry-After"], let seconds = Int(text) else { return nil }
        return .seconds(min(max(seconds, 0), 86_400))
    }
}

extension CRMError {
    /// No answer came. `mayHaveTakenEffect` says whether the call changes something and may have arrived: then only
    /// looking at the CRM tells.
    public static func noAnswer(
        from system: CRMSystem, mayHaveTakenEffect: Bool, underlying: any Error
    ) -> CRMError {
        mayHaveTakenEffect
            ? CRMError(
                .unknownResult, "\(system.rawValue) gave no answer to a call that changes something; read back",
                underlying: underlying)
            : CRMError(.unavailable, "\(system.rawValue) cannot be reached or gave no answer", underlying: underlying)
    }

    /// What becomes of the elements that come after one whose call failed for a reason that would fail them too.
    /// An unknown result is that of the call alone: they were never sent.
    public var forThoseNotSent: CRMError {
        code == .unknownResult ? CRMError(.unavailable, "not sent, because the call before it got no answer") : self
    }
}
