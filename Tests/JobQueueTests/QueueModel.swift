import Foundation
import JobQueue

/// The queue as it should behave, in memory: the rules without SQL, locks or a clock of its own.
struct QueueModel {
    struct Entry {
        let id: Int64
        let new: NewJob
        var lifecycle: JobLifecycle
        var runAt: Date
        /// Its place among those that can be taken; `nil` while it waits.
        var turn: Int64?
        var token: Int64?

        func isStale(_ now: Date) -> Bool { new.validUntil.map { $0 <= now } ?? false }
    }

    /// All tenants of the model have the weight 1.
    static let step: Int64 = 1_000_000

    private(set) var entries: [Int64: Entry] = [:]
    private(set) var leases: [Int64: Date] = [:]
    private var clocks: [JobPriority: Int64] = [:]
    /// The tenants that are paused; `nil` for all.
    private(set) var pauses: Set<Int64?> = []
    private var generator = SeededGenerator(seed: 0)

    // MARK: Lanes

    private func isLive(_ entry: Entry) -> Bool { [.ready, .running].contains(entry.lifecycle.state) }

    /// The first of each lane, in the order of ids.
    private var heads: [Entry] {
        Dictionary(grouping: entries.values.filter(isLive), by: \.new.lane).values
            .compactMap { $0.min { $0.id < $1.id } }
            .sorted { $0.id < $1.id }
    }

    // MARK: Turns

    /// Gives turns to waiting jobs, in the order given: behind the last of their tenant, or behind the clock.
    private mutating func place(_ ids: [Int64?], _ jobs: [NewJob]) {
        var last: [Flow: Int64] = [:]
        for head in heads {
            guard let turn = head.turn else { continue }
            let flow = Flow(head.new)
            last[flow] = max(last[flow] ?? clocks[flow.priority] ?? 0, turn)
        }
        for (id, job) in zip(ids, jobs) {
            let flow = Flow(job)
            let turn = max(last[flow] ?? 0, clocks[flow.priority] ?? 0) + Self.step
            last[flow] = turn
            if let id { entries[id]?.turn = turn }
        }
    }

    private struct Flow: Hashable {
        let tenant: Int64
        let priority: JobPriority

        init(_ job: NewJob) { (tenant, priority) = (job.tenantID, job.priority) }
    }

    // MARK: What happens

    mutating func enqueue(_ jobs: [NewJob], ids: [Int64], now: Date) {
        let taken = Set(heads.map(\.new.lane))
        var first: [(id: Int64?, job: NewJob)] = []
        var lanes: Set<String> = []
        var added: [Entry] = []
        for (id, job) in zip(ids, jobs) {
            let runAt = job.runAt ?? now
            added.append(
                Entry(id: id, new: job, lifecycle: JobLifecycle(maxAttempts: Int(job.maxAttempts)), runAt: runAt))
            // The first of each lane draws a turn; it is kept by those that find their lane empty and are due.
            guard lanes.insert(job.lane).inserted else { continue }
            first.append((taken.contains(job.lane) || runAt > now ? nil : id, job))
        }
        for entry in added { entries[entry.id] = entry }
        place(first.map(\.id), first.map(\.job))
    }

    /// The ids that a claim must return, and the state after it; the tokens are filled in by ``take(_:until:)``.
    mutating func claim(limit: Int, now: Date) -> [Int64] {
        rescue(now)
        admit(now)
        var claimed: [Int64] = []
        var isExhausted = false
        while claimed.count < limit, !isExhausted {
            let asked = limit - claimed.count
            let picked = heads.filter { $0.lifecycle.state == .ready && $0.turn != nil }
                .sorted { order($0) < order($1) }
                .prefix(asked)
            for entry in picked where isPaused(entry) {
                entries[entry.id]?.turn = nil
                entries[entry.id]?.runAt = .distantFuture
            }
            let taken = picked.filter { !isPaused($0) }
            for entry in taken {
                clocks[entry.new.priority] = max(clocks[entry.new.priority] ?? 0, entry.turn ?? 0)
            }
            // All are taken before the first of them is ended.
            let actions = taken.map { handle(.claim(stale: $0.isStale(now)), $0.id) }
            var ran = 0
            for (entry, action) in zip(taken, actions) {
                if action == .run {
                    claimed.append(entry.id)
                    ran += 1
                } else {
                    promote([entry.new.lane], now)
                }
            }
            isExhausted = picked.count < asked && ran == picked.count
        }
        return claimed
    }

    private func order(_ entry: Entry) -> (Int16, Int64, Int64) {
        (-entry.new.priority.rawValue, entry.turn ?? 0, entry.id)
    }

    /// Notes the token that a claim gave.
    mutating func take(_ job: Job, until: Date) {
        entries[job.id]?.token = job.token
        leases[job.token] = until
    }

    private mutating func rescue(_ now: Date) {
        for (token, until) in leases where until <= now {
            leases[token] = nil
            for entry in entries.values where entry.token == token {
                _ = handle(.expire, entry.id)
                entries[entry.id]?.turn = nil
                entries[entry.id]?.runAt = now
            }
        }
    }

    private mutating func admit(_ now: Date) {
        let due = heads.filter { $0.lifecycle.state == .ready && $0.turn == nil && $0.runAt <= now }
            .sorted { ($0.runAt, $0.id) < ($1.runAt, $1.id) }
        place(due.map(\.id), due.map(\.new))
    }

    /// Gives turns to those that became the first of these lanes.
    private mutating func promote(_ lanes: Set<String>, _ now: Date) {
        let next = heads.filter { lanes.contains($0.new.lane) && $0.lifecycle.state == .ready && $0.turn == nil }
        place(next.map { $0.runAt <= now ? $0.id : nil }, next.map(\.new))
    }

    private mutating func handle(_ event: JobLifecycle.Event, _ id: Int64) -> JobLifecycle.Action {
        guard var entry = entries[id] else { return .refuse }
        let action = entry.lifecycle.handle(event, using: &generator)
        entry.token = nil
        if !isLive(entry) { entry.turn = nil }
        entries[id] = entry
        return action
    }

    /// Lets an event happen to a held job; false when the job is no longer its holder's.
    mutating func handle(_ event: JobLifecycle.Event, _ job: Job, now: Date) -> Bool {
        guard let entry = entries[job.id], entry.token == job.token else { return false }
        switch handle(event, job.id) {
        case .record, .bury: promote([entry.new.lane], now)
        case .reschedule:
            entries[job.id]?.turn = nil
            entries[job.id]?.runAt = now
        case .run, .refuse: break
        }
        return true
    }

    // MARK: What operators do

    private func isPaused(_ entry: Entry) -> Bool { pauses.contains(nil) || pauses.contains(entry.new.tenantID) }

    mutating func pause(_ tenant: Int64?) -> Bool { pauses.insert(tenant).inserted }

    /// How many parked jobs go on; `nil` when there is no such pause.
    mutating func resume(_ tenant: Int64?, now: Date) -> Int? {
        guard pauses.remove(tenant) != nil else { return nil }
        let freed = entries.values.filter { $0.runAt == .distantFuture && isLive($0) && !isPaused($0) }
        for entry in freed { entries[entry.id]?.runAt = now }
        return freed.count
    }

    /// Takes out the dead jobs of a tenant, or of all, that are not stale.
    ///
    /// - Returns: those, and the stale ones, in the order of their ids.
    mutating func exhume(_ tenant: Int64?, now: Date) -> (taken: [Entry], stale: [Int64]) {
        let dead = entries.values
            .filter { $0.lifecycle.state == .dead && $0.new.tenantID == tenant ?? $0.new.tenantID }
            .sorted { $0.id < $1.id }
        let (fresh, stale) = (dead.filter { !$0.isStale(now) }, dead.filter { $0.isStale(now) })
        for entry in fresh { entries[entry.id] = nil }
        return (fresh, stale.map(\.id))
    }

    mutating func reschedule(_ id: Int64, runAt: Date) { entries[id]?.runAt = runAt }

    mutating func extend(_ job: Job, until: Date) -> Bool {
        guard leases[job.token] != nil else { return false }
        leases[job.token] = until
        return true
    }
}
