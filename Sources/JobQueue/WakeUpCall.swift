import Foundation
import PostgresClient
import Synchronization

/// Tells the workers of this process at once that there is work, and those of all others at most once in each interval.
///
/// Not in the transaction that enqueues: NOTIFY takes a lock that serialises the commits of the whole server, so there
/// is one for many jobs, sent alone and after their commit. A call that is lost costs nothing but the slow poll's second.
final class WakeUpCall: Sendable {
    static let channel = "leadwright_jobs"
    static let interval = Duration.milliseconds(20)
    /// What is due later than that is found by polling.
    static let horizon = Duration.seconds(1)

    private struct Pending {
        /// For other processes.
        var there: WakeUp
        /// For this one, where it was not woken at once.
        var here: WakeUp?
    }

    private struct State {
        var last: ContinuousClock.Instant?
        /// What is on its way already, by intervals, counted from `origin`.
        var pending: [Int64: Pending] = [:]
        /// Who listens in this process.
        var listeners: [Int: WakeUps.Mailbox] = [:]
        var nextListener = 0
    }

    private let pool: PostgresPool
    /// By which this process knows its own notifications.
    private let name = String(UInt64.random(in: .min ... .max), radix: 36)
    private let origin = ContinuousClock.now
    private let state = Mutex(State())

    init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Wakes this listener of this process with every call, until it is removed by the number returned.
    func add(_ listener: WakeUps.Mailbox) -> Int {
        state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = listener
            return state.nextListener
        }
    }

    /// Wakes a listener no more.
    func remove(_ number: Int) {
        state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }

    /// Calls now, or at the end of the interval when the last call was in this one.
    ///
    /// - Returns: the sending, if it is now.
    @discardableResult
    func call(_ wakeUp: WakeUp) -> Task<Void, Never>? {
        let now = ContinuousClock.now
        wakeListeners(wakeUp)
        let wait = state.withLock { state -> Duration? in
            guard let last = state.last, now - last < Self.interval else {
                state.last = now
                return nil
            }
            return last + Self.interval - now
        }
        guard let wait else { return Task { await send(wakeUp) } }
        schedule(Pending(there: wakeUp, here: nil), after: wait)
        return nil
    }

    /// Calls after that time, once for all calls that fall into the same interval.
    func call(_ wakeUp: WakeUp, after wait: Duration) {
        guard wait <= Self.horizon else { return }
        schedule(Pending(there: wakeUp, here: wakeUp), after: wait)
    }

    private func schedule(_ call: Pending, after wait: Duration) {
        let slot = Int64((ContinuousClock.now + wait - origin) / Self.interval) + 1
        let isFirst = state.withLock { state in
            guard var pending = state.pending[slot] else {
                state.pending[slot] = call
                return true
            }
            pending.there.merge(call.there)
            if let here = call.here { pending.here = pending.here?.merged(with: here) ?? here }
            state.pending[slot] = pending
            return false
        }
        guard isFirst else { return }
        Task {
            try? await Task.sleep(until: origin + Self.interval * slot, clock: .continuous)
            let due = state.withLock { state in
                state.last = .now
                return state.pending.removeValue(forKey: slot)
            }
            guard let due else { return }
            if let here = due.here { wakeListeners(here) }
            await send(due.there)
        }
    }

    private func wakeListeners(_ wakeUp: WakeUp) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.deliver(wakeUp) }
    }

    private func send(_ wakeUp: WakeUp) async {
        let payload = ([name] + (wakeUp.stages ?? []).sorted()).joined(separator: "\t")
        // Failing is no error: the slow poll finds the work.
        _ = try? await pool.query("SELECT pg_notify($1, $2)", [Self.channel, payload], timeout: .seconds(5))
    }

    /// What others call for; `nil` for what this process said itself.
    func wakeUp(from notification: PostgresNotification) -> WakeUp? {
        let words = notification.payload.split(separator: "\t").map(String.init)
        guard words.first != name else { return nil }
        return WakeUp(stages: words.count > 1 ? Set(words.dropFirst()) : nil)
    }
}
