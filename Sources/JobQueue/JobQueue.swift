public import Foundation
import JSON
public import PostgresClient

/// A queue in Postgres: nothing committed is lost, nothing finishes twice, and each lane keeps its order.
///
/// ```swift
/// try await pool.transaction { connection in
///     queue.enqueue([job], in: connection)                 // commits with what else the transaction does
/// }                                                        // and wakes the workers then
///
/// for await wakeUp in queue.wakeUps() where wakeUp.concerns("understand") {
///     for job in try await queue.claim(stage: "understand", limit: 100) {
///         try await pool.transaction { connection in
///             …                                            // the job's effects
///             try await queue.finish(job, in: connection)  // commits with them, or throws and rolls them back
///         }
///     }
/// }
/// ```
///
/// A claim gives a lease and a token to all that it takes. A worker that dies lets its leases run out, and the jobs run
/// again; its token no longer holds then, so what it may still complete is refused. ``JobLifecycle`` has the states.
///
/// Within a lane jobs run in the order of their commits, and lanes never wait for each other. Tenants with work to do
/// share the workers by weight, however much one of them enqueues. Calls to a CRM are reserved when work is claimed.
public struct JobQueue: Sendable {
    let pool: PostgresPool
    let worker: String
    /// How long a claim holds.
    public let lease: Duration
    private let backoff: Backoff
    let now: (@Sendable () -> Date)?
    private let wakeUpCall: WakeUpCall
    let rounds: ClaimRounds
    let leases = EndedLeases()

    /// A view of the queue for one worker.
    ///
    /// - Parameters:
    ///   - pool: The database.
    ///   - worker: The worker's name, for people who look.
    ///   - lease: How long a claim holds without ``extend(_:)``.
    ///   - backoff: How long failed jobs wait.
    ///   - now: The clock; the database's own unless a test brings another.
    public init(
        pool: PostgresPool, worker: String, lease: Duration = .seconds(30), backoff: Backoff = Backoff(),
        now: (@Sendable () -> Date)? = nil
    ) {
        self.pool = pool
        self.worker = worker
        self.lease = lease
        self.backoff = backoff
        self.now = now
        wakeUpCall = WakeUpCall(pool: pool)
        rounds = ClaimRounds(now: now)
    }

    /// Puts jobs into the queue with the caller's transaction; workers are woken after its commit.
    ///
    /// One statement for all, which goes to the server with the transaction's next one or with its COMMIT. From there to its
    /// end, whoever enqueues to one of these lanes or ends a job of one waits; so enqueue last.
    public func enqueue(_ jobs: [NewJob], in connection: PostgresConnection) {
        guard !jobs.isEmpty else { return }
        connection.send(Statement.enqueue, values(of: jobs))
        wake(for: jobs, afterCommitOf: connection)
    }

    /// Puts jobs into the queue and returns their ids, in the order of the jobs. Within a lane they grow in the order of
    /// commits.
    package func enqueued(_ jobs: [NewJob], in connection: PostgresConnection) async throws(PostgresError) -> [Int64] {
        let rows = try await connection.query(Statement.enqueue, values(of: jobs))
        wake(for: jobs, afterCommitOf: connection)
        return try rows.map { row throws(PostgresError) in try row.decode(Int64.self) }
    }

    private func values(of jobs: [NewJob]) -> [any PostgresValue] {
        [
            jobs.map(\.stage), jobs.map(\.tenantID), jobs.map(\.connectionID), jobs.map(\.lane),
            jobs.map(\.priority.rawValue), jobs.map(\.runAt), jobs.map(\.validUntil), jobs.map(\.maxAttempts),
            jobs.map { JSONText($0.payload.canonicalText) }, now?(), [] as [Int64],
        ]
    }

    private func wake(for jobs: [NewJob], afterCommitOf connection: PostgresConnection) {
        let now = now?() ?? Date()
        let (due, later) = (jobs.filter { $0.runAt.map { $0 <= now } ?? true }, jobs.filter { $0.runAt ?? now > now })
        wake(Set(due.map(\.stage)), afterCommitOf: connection)
        guard let first = later.compactMap(\.runAt).min() else { return }
        let wakeUp = WakeUp(stages: Set(later.map(\.stage)))
        connection.afterCommit { [wakeUpCall] in
            wakeUpCall.call(wakeUp, after: .seconds(first.timeIntervalSince(now)))
        }
    }

    private func wake(_ stages: Set<String>, afterCommitOf connection: PostgresConnection) {
        guard !stages.isEmpty else { return }
        connection.afterCommit { [wakeUpCall] in wakeUpCall.call(WakeUp(stages: stages)) }
    }

    /// Completes a job in the caller's transaction, so that its effects and its completion commit together.
    ///
    /// - Throws: ``JobQueueError/Code/leaseLost`` when someone else has the job by now: let the transaction roll back.
    public func finish(
        _ job: Job, in connection: PostgresConnection, outcome: JobOutcome = .done
    ) async throws(JobQueueError) {
        try await finish([job], in: connection, outcome: outcome)
    }

    /// Completes several jobs in one statement.
    ///
    /// - Throws: ``JobQueueError/Code/leaseLost`` when one of them is no longer ours; the error names which.
    public func finish(
        _ jobs: [Job], in connection: PostgresConnection, outcome: JobOutcome = .done
    ) async throws(JobQueueError) {
        guard !jobs.isEmpty else { return }
        let (name, reason): (String, String?) =
            switch outcome {
            case .done: ("done", nil)
            case .dropped(let reason): ("dropped", reason)
            }
        try await end(jobs, outcome: name, reason: reason, in: connection)
    }

    /// Takes jobs from the head of their lanes and brings up what waits behind them.
    private func end(
        _ jobs: [Job], outcome: String, reason: String?, in connection: PostgresConnection
    ) async throws(JobQueueError) {
        var lost: [Int64] = []
        do throws(PostgresError) {
            // Those that ran, and those that were taken only to be ended.
            for (counts, jobs) in Dictionary(grouping: jobs, by: \.counts) {
                let rest = try await finish(jobs, counts: counts, outcome: outcome, reason: reason, in: connection)
                lost += try await advance(rest, counts: counts, outcome: outcome, reason: reason, in: connection)
            }
        } catch {
            throw JobQueueError(error)
        }
        guard lost.isEmpty else {
            leases.lost(jobs)
            throw JobQueueError(leaseLost: jobs.map(\.id).filter(lost.contains))
        }
        connection.afterCommit { [leases] in leases.ended(jobs) }
    }

    /// Ends those that have no other behind them and lie where they were claimed, which is most.
    ///
    /// - Returns: the others.
    private func finish(
        _ jobs: [Job], counts: Int, outcome: String, reason: String?, in connection: PostgresConnection
    ) async throws(PostgresError) -> [Job] {
        let alone = jobs.filter { $0.place != nil }
        guard let turn = alone.map(\.turn).max() else { return jobs }
        let rows = try await connection.query(
            Statement.finish,
            [alone.map(\.place), alone.map(\.id), turn, counts, alone.tokens, outcome, reason])
        guard let row = rows.first, try row.integer(at: 0) ?? 0 < jobs.count else { return [] }
        let ended = Set(try row.decode("ids", as: [Int64]?.self) ?? [])
        return jobs.filter { !ended.contains($0.id) }
    }

    /// Ends jobs by their lanes.
    ///
    /// - Returns: the ids of those that are no longer ours.
    private func advance(
        _ jobs: [Job], counts: Int, outcome: String, reason: String?, in connection: PostgresConnection
    ) async throws(PostgresError) -> [Int64] {
        guard !jobs.isEmpty else { return [] }
        var held = Set(jobs.map(\.id))
        var promoted: Set<String> = []
        let values = jobs.holds + [counts, outcome, reason, now?()]
        for row in try await connection.query(Statement.advance, values) {
            let (id, stage) = try row.decode(Int64.self, String?.self)
            held.remove(id)
            if let stage { promoted.insert(stage) }
        }
        wake(promoted, afterCommitOf: connection)
        return Array(held)
    }

    /// Gives a failed job back for another attempt; after the last one it is dead.
    ///
    /// - Parameter reason: Why it failed, fit for a log: no secret, no personal data.
    /// - Throws: ``JobQueueError/Code/leaseLost`` when someone else has the job by now.
    public func retry(_ job: Job, reason: String, after delay: RetryDelay = .backoff) async throws(JobQueueError) {
        var lifecycle = JobLifecycle(state: .running, attempt: job.attempt, maxAttempts: job.maxAttempts)
        var generator = SystemRandomNumberGenerator()
        switch lifecycle.handle(.fail(delay), backoff: backoff, using: &generator) {
        case .reschedule(let wait, let refund):
            let held = try await reschedule([job], after: wait, refund: refund, reason: reason)
            guard held == [job.id] else { throw JobQueueError(leaseLost: [job.id]) }
            wakeUpCall.call(WakeUp(stages: [job.stage]), after: wait)
        case .bury:
            try await bury(job, reason: "attempt \(job.attempt), the last one, failed: \(reason)")
        case .run, .record, .refuse:
            preconditionFailure("a running job that fails is rescheduled or buried")
        }
    }

    /// Makes a job a dead letter now, because no further attempt can succeed.
    ///
    /// - Throws: ``JobQueueError/Code/leaseLost`` when someone else has the job by now.
    public func bury(_ job: Job, reason: String) async throws(JobQueueError) {
        try await transaction { connection in
            try await connection.execute(
                Statement.bury, [job.lane, job.id, job.turn, job.counts, job.token, reason])
            try await end([job], outcome: "dead", reason: reason, in: connection)
        }
    }

    /// Gives jobs back untouched, when the worker stops; the attempt is refunded. Those that are no longer ours are left
    /// alone.
    public func release(_ jobs: [Job]) async throws(JobQueueError) {
        guard !jobs.isEmpty else { return }
        _ = try await reschedule(jobs, after: .zero, refund: true, reason: nil)
        await wakeUpCall.call(WakeUp(stages: Set(jobs.map(\.stage))))?.value
    }

    /// Gives one job back untouched.
    public func release(_ job: Job) async throws(JobQueueError) {
        try await release([job])
    }

    /// Starts the leases anew: call it at a third of the lease, as long as the work takes. All jobs of a claim have one
    /// lease.
    ///
    /// - Returns: The jobs whose lease was lost; stop working on them.
    @discardableResult
    public func extend(_ jobs: [Job]) async throws(JobQueueError) -> [Job] {
        guard !jobs.isEmpty else { return [] }
        let values: [any PostgresValue] = [jobs.tokens, lease / .seconds(1), now?()]
        let held = try await run(Statement.extend, values) { row throws(PostgresError) in try row.decode(Int64.self) }
        let lost = jobs.filter { !held.contains($0.token) }
        leases.lost(lost)
        return lost
    }

    /// Keeps what a CRM said about a connection's rate limits; claims reserve calls by it.
    public func observe(_ budgets: [ObservedBudget], connection: Int64) async throws(JobQueueError) {
        guard !budgets.isEmpty else { return }
        let values: [any PostgresValue] = [
            connection, budgets.map(\.name), budgets.map { Int32(clamping: $0.calls) },
            budgets.map { $0.interval / .seconds(1) }, budgets.map { Int32(clamping: $0.remaining) },
            budgets.map(\.observedAt), now?(),
        ]
        do throws(PostgresError) {
            _ = try await pool.query([
                BoundStatement(Statement.serialize, [String?.none, true]), BoundStatement(Statement.observe, values),
            ])
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Tells all workers that there may be work of any stage, as enqueueing and finishing do for theirs. Those of this
    /// queue and its copies hear it at once. Cheap to call often: to the others it sends at most one notification in
    /// 20 ms.
    public func wake() async {
        await wakeUpCall.call(WakeUp())?.value
    }

    /// Says when to claim: at once, whenever work may have come, and at the latest after `poll`.
    ///
    /// Notifications need a session of their own; where there is none (PgBouncer in transaction mode), polling serves. It
    /// ends when its task is cancelled.
    public func wakeUps(poll: Duration = .seconds(1)) -> WakeUps {
        let (pool, wakeUpCall) = (pool, wakeUpCall)
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let mailbox = WakeUps.Mailbox(signal)
        let listener = wakeUpCall.add(mailbox)
        let task = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await event in pool.listen(to: [WakeUpCall.channel]) {
                        switch event {
                        case .listening: mailbox.deliver(WakeUp())
                        case .notification(let notification):
                            if let wakeUp = wakeUpCall.wakeUp(from: notification) { mailbox.deliver(wakeUp) }
                        }
                    }
                }
                group.addTask {
                    repeat { mailbox.deliver(WakeUp()) } while (try? await Task.sleep(for: poll)) != nil
                }
            }
            signal.finish()
        }
        signal.onTermination = { _ in
            wakeUpCall.remove(listener)
            task.cancel()
        }
        return WakeUps(mailbox: mailbox, signals: signals)
    }
}

extension JobQueue {
    /// Kinds of plans that some statements for people need, by the setting that allows them.
    enum Plans: String {
        case bitmaps = "enable_bitmapscan"
        /// By an index, whole tables take twice as long.
        case wholeTables = "enable_seqscan"
    }

    /// Gives jobs back to wait; returns the ids of those that were still held.
    private func reschedule(
        _ jobs: [Job], after wait: Duration, refund: Bool, reason: String?
    ) async throws(JobQueueError) -> [Int64] {
        let values: [any PostgresValue] = [refund ? 0 : 1, wait / .seconds(1), reason, now?()]
        let held = try await run(Statement.reschedule, jobs.holds + values) { row throws(PostgresError) in
            try row.decode(Int64.self)
        }
        leases.ended(jobs.filter { held.contains($0.id) })
        return held
    }

    @discardableResult
    func transaction<Value: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Value
    ) async throws(JobQueueError) -> Value {
        do {
            return try await pool.transaction(body)
        } catch let error as JobQueueError {
            throw error
        } catch let error as PostgresError {
            throw JobQueueError(error)
        } catch {
            preconditionFailure("a transaction of the queue throws its own errors and the database's")
        }
    }

    /// Runs one statement and says how many rows it changed.
    func execute(_ sql: SQL, _ values: [any PostgresValue]) async throws(JobQueueError) -> Int {
        do throws(PostgresError) {
            return try await pool.execute(sql, values)
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Runs one statement and reads each row of its answer.
    func run<Value>(
        _ sql: SQL, _ values: [any PostgresValue], _ read: (PostgresRow) throws(PostgresError) -> Value
    ) async throws(JobQueueError) -> [Value] {
        let rows = try await run(sql, values)
        do throws(PostgresError) {
            return try rows.map(read)
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Runs one statement planned in a way that the sessions' settings rule out for the queue's own statements.
    func run<Value>(
        _ sql: SQL, _ values: [any PostgresValue], allowing plans: Plans,
        _ read: (PostgresRow) throws(PostgresError) -> Value
    ) async throws(JobQueueError) -> [Value] {
        do throws(PostgresError) {
            let answers = try await pool.query([
                BoundStatement("SELECT set_config($1, 'on', true)", [plans.rawValue]), BoundStatement(sql, values),
            ])
            return try answers[1].map(read)
        } catch {
            throw JobQueueError(error)
        }
    }

    func run(_ sql: SQL, _ values: [any PostgresValue]) async throws(JobQueueError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql, values)
        } catch {
            throw JobQueueError(error)
        }
    }
}

extension [Job] {
    /// The claims that took them.
    fileprivate var tokens: [Int64] { Array<Int64>(Set(map(\.token))) }

    /// What the statements about held jobs know them by: lanes, ids, turns and tokens.
    fileprivate var holds: [any PostgresValue] { [map(\.lane), map(\.id), map(\.turn), map(\.token)] }
}
