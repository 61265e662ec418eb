/// The states of one job and what leads from one to another; no input or output.
///
/// ```
///             claim                  finish
///   ready ─────────────▶ running ─────────────▶ finished (history: done, dropped)
///   │ │ ▲                 │   │
///   │ │ └─────────────────┘   └───────────────▶ dead (after the last attempt, or buried)
///   │ │  retry, postpone,                       ▲
///   │ │  release, lease ran out                 │
///   │ └───claim, when no attempt is left────────┘
///   └─────claim, when stale───────────────────▶ finished (history: dropped)
/// ```
///
/// Only `ready` and `running` jobs hold up the later jobs of their lane. docs/state-machine.md has the same as a diagram.
package struct JobLifecycle: Sendable, Hashable {
    package enum State: String, Sendable, Hashable {
        case ready, running, dead, finished
    }

    package enum Event: Sendable, Hashable {
        /// A worker asks for it; `stale` when its `validUntil` has passed.
        case claim(stale: Bool)
        /// Its worker let the lease run out.
        case expire
        /// The work is done, or not wanted any more.
        case finish
        /// The work failed.
        case fail(RetryDelay)
        /// The work can never succeed.
        case bury
        /// The worker stops before it did anything.
        case release
    }

    package enum Action: Sendable, Hashable {
        /// Hand it to the worker, with a new token.
        case run
        /// Move it to history.
        case record
        /// Make it ready again.
        case reschedule(after: Duration, refund: Bool)
        /// Keep it as a dead letter.
        case bury
        /// Nothing: the job is not in a state for that event.
        case refuse
    }

    package private(set) var state: State
    /// How many attempts have begun and were not refunded.
    package private(set) var attempt: Int
    package let maxAttempts: Int

    package init(state: State = .ready, attempt: Int = 0, maxAttempts: Int) {
        self.state = state
        self.attempt = attempt
        self.maxAttempts = maxAttempts
    }

    /// Takes an event in and says what is to be done about it.
    package mutating func handle(
        _ event: Event, backoff: Backoff = Backoff(), using generator: inout some RandomNumberGenerator
    ) -> Action {
        switch (state, event) {
        case (.ready, .claim(stale: true)), (.running, .finish):
            state = .finished
            return .record
        case (.ready, .claim) where attempt >= maxAttempts:
            state = .dead
            return .bury
        case (.ready, .claim):
            state = .running
            attempt += 1
            return .run
        case (.running, .expire):
            return giveBack(after: .zero, refund: false)
        case (.running, .fail(.postpone(let wait))):
            return giveBack(after: wait, refund: true)
        case (.running, .release):
            return giveBack(after: .zero, refund: true)
        case (.running, .fail(.backoff)) where attempt < maxAttempts:
            return giveBack(after: backoff.delay(afterAttempt: attempt, using: &generator), refund: false)
        case (.running, .fail(.backoff)), (.running, .bury):
            state = .dead
            return .bury
        case (.ready, _), (.running, .claim), (.dead, _), (.finished, _):
            return .refuse
        }
    }

    private mutating func giveBack(after wait: Duration, refund: Bool) -> Action {
        state = .ready
        if refund { attempt -= 1 }
        return .reschedule(after: wait, refund: refund)
    }
}
