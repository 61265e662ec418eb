/// Whether a connection is worth calling. After some failures in a row that would meet every call, it is left alone for
/// a while; then one call tries. Pure: times are given, as a time since any fixed moment of a clock that never jumps.
///
/// ```
///             failures in a row,
///             or one refused login            pause over
///   closed ───────────────────────▶ open ───────────────────▶ probing
///     ▲                              ▲                           │ │
///     │            success           │    failure: longer pause  │ │
///     └──────────────────────────────┴───────────────────────────┘─┘
/// ```
package struct Circuit: Sendable, Hashable {
    /// How patient it is.
    package struct Policy: Sendable, Hashable {
        /// How many failures in a row open it.
        package var threshold = 5
        /// The first pause; each failed probe doubles it, …
        package var pause = Duration.seconds(5)
        /// … up to this.
        package var longestPause = Duration.seconds(300)

        package init() {}
    }

    package enum State: Sendable, Hashable {
        /// Calls are made; so many failed since the last one that did not.
        case closed(failures: Int)
        /// No call is made until then.
        case open(until: Duration, openings: Int)
        /// One call is on its way; should it never end, another one goes then.
        case probing(until: Duration, openings: Int)
    }

    /// How bad a failure is.
    package enum Failure: Sendable, Hashable {
        /// No answer, or a 5xx: it may be chance.
        case unavailable
        /// The credentials are refused: the next call fares no better.
        case refused
    }

    private let policy: Policy
    package private(set) var state = State.closed(failures: 0)

    package init(_ policy: Policy = Policy()) { self.policy = policy }

    /// Asks to make a call now.
    ///
    /// - Returns: how long to wait instead; `nil` when the call may be made.
    package mutating func admit(at now: Duration) -> Duration? {
        switch state {
        case .closed: return nil
        case .open(let until, let openings), .probing(let until, let openings):
            guard now >= until else { return wait(at: now) }
            state = .probing(until: now + policy.longestPause, openings: openings)
            return nil
        }
    }

    /// The system answered.
    package mutating func succeed() { state = .closed(failures: 0) }

    /// A call failed in a way that would meet every call.
    package mutating func fail(_ failure: Failure, at now: Duration) {
        switch state {
        case .closed(let failures):
            guard failure == .refused || failures + 1 >= policy.threshold else {
                state = .closed(failures: failures + 1)
                return
            }
            open(1, at: now)
        case .probing(_, let openings): open(openings + 1, at: now)
        // A call from before it opened; the pause stands.
        case .open: break
        }
    }

    /// How long to wait before the next call is worth asking for; `nil` when that is now.
    package func wait(at now: Duration) -> Duration? {
        switch state {
        case .closed: nil
        case .open(let until, _): max(until - now, .milliseconds(1))
        // The probe takes seconds; its result decides.
        case .probing: policy.pause
        }
    }

    private mutating func open(_ openings: Int, at now: Duration) {
        // 2^20 pauses are far above any longest one.
        let pause = min(policy.longestPause, policy.pause * (1 << min(openings - 1, 20)))
        state = .open(until: now + pause, openings: openings)
    }
}
