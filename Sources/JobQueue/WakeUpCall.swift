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

    private struct State {
        var last: ContinuousClock.Instant?
        /// Intervals, counted from `origin`, in which a call is already on its way.
        var pending: Set<Int64> = []
        /// Who listens in this process.
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    private let pool: PostgresPool
    private let origin = ContinuousClock.now
    private let state = Mutex(State())

    init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Wakes this listener of this process with every call, until it is removed by the number returned.
    func add(_ listener: AsyncStream<Void>.Continuation) -> Int {
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
    func call() async {
        let now = ContinuousClock.now
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
        let wait = state.withLock { state -> Duration? in
            guard let last = state.last, now - last < Self.interval else {
                state.last = now
                return nil
            }
            return last + Self.interval - now
        }
        guard let wait else { return await send() }
        call(after: wait)
    }

    /// Calls after that time, once for all calls that fall into the same interval.
    func call(after wait: Duration) {
        guard wait <= Self.horizon else { return }
        let slot = Int64((ContinuousClock.now + wait - origin) / Self.interval) + 1
        guard state.withLock({ $0.pending.insert(slot).inserted }) else { return }
        Task {
            try? await Task.sleep(until: origin + Self.interval * slot, clock: .continuous)
            state.withLock { state in
                state.pending.remove(slot)
                state.last = .now
            }
            await send()
        }
    }

    private func send() async {
        // Failing is no error: the slow poll finds the work.
        _ = try? await pool.query("SELECT pg_notify($1, '')", [Self.channel], timeout: .seconds(5))
    }
}
