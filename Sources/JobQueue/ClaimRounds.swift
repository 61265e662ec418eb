import Foundation
import Synchronization

/// What a worker remembers between its claims: where each stage's claims begin, and when it last looked for work that
/// came due or lost its worker.
final class ClaimRounds: Sendable {
    /// With a lease of 30 s, a dead worker's jobs wait for 31.
    static let rescueInterval = Duration.seconds(1)
    /// Hardly anything becomes due at a time that lies further back than that: it is how long a transaction may take to
    /// commit before its jobs are found by the look at everything only.
    static let admitLag: TimeInterval = 10
    static let fullAdmitInterval = Duration.seconds(60)

    private struct Stage {
        var cursor = ClaimCursor()
        var lastAdmit: Duration?
        var lastFullAdmit: Duration?
        /// The database's time at which nothing waited any more.
        var admittedThrough: Date?
    }

    private struct State {
        var stages: [String: Stage] = [:]
        var lastRescue: Duration?
    }

    private let state = Mutex(State())
    /// Waiting jobs whose time has come are looked for at most so often by one worker, which is how late they may be.
    private let admitInterval: Duration
    /// The time, from any origin. Never the wall clock outside of tests, because that jumps.
    private let time: @Sendable () -> Duration

    init(now: (@Sendable () -> Date)?) {
        let origin = ContinuousClock.now
        // A test's clock stands still between two steps.
        admitInterval = now == nil ? .milliseconds(20) : .zero
        time = { now.map { .seconds($0().timeIntervalSince1970) } ?? (ContinuousClock.now - origin) }
    }

    /// Whether it is time to look for leases that ran out.
    func rescueIsDue() -> Bool {
        let now = time()
        return state.withLock { state in
            if let last = state.lastRescue, now - last < Self.rescueInterval { return false }
            state.lastRescue = now
            return true
        }
    }

    /// Whether it is time to look for jobs of a stage that came due, and from which time on.
    func admission(of stage: String) -> (isDue: Bool, since: Date?) {
        let now = time()
        return state.withLock { state in
            var entry = state.stages[stage, default: Stage()]
            if let last = entry.lastAdmit, now - last < admitInterval { return (false, nil) }
            // At first, after a while without a look, and once a minute: everything.
            let isOutOfDate = entry.lastAdmit.map { now - $0 > .seconds(Self.admitLag / 2) } ?? true
            if isOutOfDate || entry.lastFullAdmit.map({ now - $0 >= Self.fullAdmitInterval }) ?? true {
                entry.admittedThrough = nil
                entry.lastFullAdmit = now
            }
            entry.lastAdmit = now
            state.stages[stage] = entry
            return (true, entry.admittedThrough.map { $0 - Self.admitLag })
        }
    }

    /// Notes that nothing of a stage that was due at that time waits any more.
    func admitted(_ stage: String, through date: Date) {
        state.withLock { $0.stages[stage]?.admittedThrough = date }
    }

    /// A claim that looks for work from some clocks on.
    struct Look {
        let marks: ClaimCursor.Clocks
        fileprivate let depth: ClaimCursor.Depth
        fileprivate let start: Duration
    }

    /// Where a claim of a stage begins.
    func look(for stage: String) -> Look {
        let now = time()
        return state.withLock { state in
            let depth = state.stages[stage, default: Stage()].cursor.depth(at: now)
            return Look(
                marks: state.stages[stage]?.cursor.marks(depth, at: now) ?? [:], depth: depth, start: now)
        }
    }

    /// Notes that a look is over, and whether it found less than was asked for.
    func ended(_ look: Look, for stage: String, leavingRoom: Bool) {
        let now = time()
        state.withLock { state in
            state.stages[stage]?.cursor.left(room: leavingRoom)
            if look.depth == .all { state.stages[stage]?.cursor.lookedAtAll(in: now - look.start, at: now) }
        }
    }

    /// The clocks at which a claim looks again that found nothing from other ones on; `nil` where there is no more to see
    /// further back.
    func deeperMarks(of stage: String, than look: Look) -> ClaimCursor.Clocks? {
        let now = time()
        return state.withLock { state in
            guard let depth = state.stages[stage]?.cursor.depthAfterNothing(at: now),
                let marks = state.stages[stage]?.cursor.marks(depth, at: now), marks != look.marks
            else { return nil }
            return marks
        }
    }

    /// Notes what a claim of a stage took.
    func took(_ rows: [ClaimedRow], of stage: String) {
        let now = time()
        state.withLock { state in
            var cursor = state.stages[stage, default: Stage()].cursor
            for row in rows { cursor.took(row.job.turn, row.priority) }
            cursor.keep(at: now)
            state.stages[stage, default: Stage()].cursor = cursor
        }
    }
}
