import Foundation
import JobQueue

/// The queue as it should behave, in memory: the rules without SQL, locks or a clock of its own.
struct QueueModel {
    struct Entry {
        let id: Int64
        let new: NewJob
        var lifecycle: JobLifecycle
        var runAt: Date
        var leasedUntil = Date.distantPast
        var token: Int64?
        /// The token of the completion that counted.
        var finishedBy: Int64?
    }

    private(set) var entries: [Int64: Entry] = [:]
    private var generator = SeededGenerator(seed: 0)

    mutating func enqueue(_ jobs: [NewJob], ids: [Int64], now: Date) {
        for (id, job) in zip(ids, jobs) {
            entries[id] = Entry(
                id: id, new: job, lifecycle: JobLifecycle(maxAttempts: Int(job.maxAttempts)), runAt: job.runAt ?? now)
        }
    }

    /// The ids that a claim must return, and the state after it; the tokens are filled in by ``take(_:)``.
    mutating func claim(limit: Int, now: Date, lease: TimeInterval) -> [Int64] {
        while true {
            let live = entries.values.filter { [.ready, .running].contains($0.lifecycle.state) }
            let expired = live.filter { $0.lifecycle.state == .running && $0.leasedUntil <= now }
                .sorted { ($0.leasedUntil, $0.id) < ($1.leasedUntil, $1.id) }
            let heads = Dictionary(grouping: live, by: \.new.lane).values.compactMap { $0.min { $0.id < $1.id } }
            let due = heads.filter { $0.lifecycle.state == .ready && $0.runAt <= now }
                .sorted { (-$0.new.priority, $0.runAt, $0.id) < (-$1.new.priority, $1.runAt, $1.id) }
            let picked = (expired.prefix(limit) + due).prefix(limit).map(\.id)
            let claimed = picked.filter { claim($0, now: now, lease: lease) }
            if !claimed.isEmpty || picked.isEmpty { return claimed.sorted() }
        }
    }

    private mutating func claim(_ id: Int64, now: Date, lease: TimeInterval) -> Bool {
        guard var entry = entries[id] else { return false }
        let stale = entry.new.validUntil.map { $0 <= now } ?? false
        let action = entry.lifecycle.handle(.claim(stale: stale, leaseExpired: true), using: &generator)
        entry.token = nil
        entry.leasedUntil = now + lease
        entries[id] = entry
        return action == .run
    }

    mutating func take(_ job: Job) { entries[job.id]?.token = job.token }

    /// Lets an event happen to a held job; false when the job is no longer its holder's.
    mutating func handle(_ event: JobLifecycle.Event, _ job: Job) -> Bool {
        guard var entry = entries[job.id], entry.token == job.token else { return false }
        _ = entry.lifecycle.handle(event, using: &generator)
        if event == .finish { entry.finishedBy = job.token }
        entry.token = nil
        entries[job.id] = entry
        return true
    }

    mutating func reschedule(_ id: Int64, runAt: Date) { entries[id]?.runAt = runAt }

    mutating func extend(_ job: Job, until: Date) -> Bool {
        guard entries[job.id]?.token == job.token else { return false }
        entries[job.id]?.leasedUntil = until
        return true
    }
}
