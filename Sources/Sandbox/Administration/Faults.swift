/// What shall go wrong with the next calls. Each number counts down.
package struct Faults: Codable, Sendable, Hashable {
    /// A call that is refused without taking effect.
    package enum Failure: Sendable, Hashable {
        /// The system is broken: 500.
        case serverError
        /// A call budget is used up, in the system's own form.
        case rateLimit
        /// Another writer holds the record.
        case lockedRow
    }

    /// Writes that take effect and whose answer never arrives.
    package var loseAnswers = 0
    /// How long the caller of such a write is kept waiting before a gateway's 504.
    package var lostAnswerMilliseconds = 30_000
    /// Calls answered with 500.
    package var serverErrors = 0
    /// Calls answered as over the limit.
    package var rateLimits = 0
    /// Records that another writer holds: at Salesforce writes of one record or of one in a batch, at HubSpot records of
    /// a batch.
    package var lockedRows = 0
    /// Calls that are answered late, …
    package var slowCalls = 0
    /// … by so many milliseconds.
    package var slowMilliseconds = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case loseAnswers = "lose_answers"
        case lostAnswerMilliseconds = "lost_answer_milliseconds"
        case serverErrors = "server_errors"
        case rateLimits = "rate_limits"
        case lockedRows = "locked_rows"
        case slowCalls = "slow_calls"
        case slowMilliseconds = "slow_milliseconds"
    }

    mutating func takeFailure() -> Failure? {
        if take(\.serverErrors) { return .serverError }
        return take(\.rateLimits) ? .rateLimit : nil
    }

    mutating func takeDelay() -> Duration? { take(\.slowCalls) ? .milliseconds(slowMilliseconds) : nil }

    mutating func takeLostAnswer() -> Bool { take(\.loseAnswers) }

    mutating func takeLockedRow() -> Bool { take(\.lockedRows) }

    private mutating func take(_ count: WritableKeyPath<Faults, Int>) -> Bool {
        guard self[keyPath: count] > 0 else { return false }
        self[keyPath: count] -= 1
        return true
    }
}
