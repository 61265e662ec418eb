/// How long a failed job waits: a random time between nothing and a ceiling that doubles with each attempt.
///
/// Full jitter spreads the retries of many jobs that failed together over the whole time; a fixed part would let them
/// come back in waves (Marc Brooker, "Exponential Backoff And Jitter", 2015).
public struct Backoff: Sendable, Hashable {
    /// The ceiling after the first attempt.
    public var base: Duration
    /// The ceiling that is never passed.
    public var cap: Duration

    /// One second, doubled up to ten minutes: twelve attempts are spread over 14 minutes on average, and 27 at most.
    public init(base: Duration = .seconds(1), cap: Duration = .seconds(600)) {
        self.base = base
        self.cap = cap
    }

    /// The longest wait after that attempt, counted from 1.
    public func ceiling(afterAttempt attempt: Int) -> Duration {
        // 2^30 times any base is far above any cap.
        min(cap, base * (1 << min(max(attempt - 1, 0), 30)))
    }

    /// The wait after that attempt, to the millisecond.
    public func delay(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = ceiling(afterAttempt: attempt).components
        let milliseconds = ceiling.seconds * 1000 + ceiling.attoseconds / 1_000_000_000_000_000
        return .milliseconds(Int64.random(in: 0...milliseconds, using: &generator))
    }
}
