import CRM
import Synchronization

/// One direction of a connection's calls, with its circuit: whoever asks while it rests is turned away with a failure
/// that is waited out without counting an attempt.
final class CircuitBreaker: Sendable {
    private struct State {
        var circuit: Circuit
        /// The last failure that would meet every call.
        var cause: CRMError?
    }

    private let state: Mutex<State>
    /// The time by a clock that never jumps.
    private let uptime: @Sendable () -> Duration

    init(_ policy: Circuit.Policy, uptime: @escaping @Sendable () -> Duration) {
        state = Mutex(State(circuit: Circuit(policy)))
        self.uptime = uptime
    }

    /// Asks to make a call now.
    ///
    /// - Throws: `unavailable` with the time to wait, and with what it rests for.
    func admit() throws(CRMError) {
        let rest = state.withLock { state -> CRMError? in
            guard let wait = state.circuit.admit(at: uptime()) else { return nil }
            return CRMError(
                .unavailable,
                "the connection rests after a failure that would meet every call: \(state.cause?.description ?? "")",
                retryAfter: wait)
        }
        if let rest { throw rest }
    }

    /// The system answered, and what it said is the caller's affair.
    func succeed() { state.withLock { $0.circuit.succeed() } }

    /// Takes a failure in.
    ///
    /// - Returns: the failure, to be waited out if the circuit is open now.
    func fail(_ error: CRMError) -> CRMError {
        state.withLock { state in
            guard let failure = error.circuitFailure else {
                state.circuit.succeed()
                return error
            }
            state.circuit.fail(failure, at: uptime())
            state.cause = error
            return state.circuit.wait(at: uptime()).map(error.waiting) ?? error
        }
    }
}

extension CRMError {
    /// What the failure says about calling this system at all.
    var circuitFailure: Circuit.Failure? {
        switch code {
        case .unavailable, .unknownResult: .unavailable
        case .unauthorized: .refused
        case .malformedDelivery, .forbidden, .notFound, .conflict, .rejected, .rateLimited, .malformedAnswer,
            .misconfigured, .receiverGone:
            nil
        }
    }
}
