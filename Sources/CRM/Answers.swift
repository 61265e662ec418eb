import Foundation
public import HTTPTypes

extension HTTPResponse {
    /// The body decoded from JSON.
    ///
    /// - Throws: `malformedAnswer`, without any of the body.
    public func decoded<Answer: Decodable>(as answer: Answer.Type = Answer.self) throws(CRMError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: body)
        } catch {
            throw CRMError(
                .malformedAnswer, "the answer is not the JSON that the contract says", status: status,
                underlying: error)
        }
    }

    /// How long `Retry-After` asks to wait, when it gives seconds; at most a day.
    public var retryAfter: Duration? {
        headers["Retry-After"].flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            .map { .seconds(min(max($0, 0), 86_400)) }
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
}
