public import Foundation
import JSON
public import PostgresClient

/// A queue in Postgres: nothing committed is lost, nothing finishes twice, and each lane keeps its order.
///
/// ```swift
/// try await pool.transaction { connection in
///     try await queue.enqueue([job], in: connection)       // commits with what else the transaction does
/// }
/// await queue.wake()
///
/// for await _ in queue.wakeUps() {
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

    /// Puts jobs into the queue, in the caller's transaction; call ``wake()`` after its commit.
    ///
    /// One statement for all. Until the transaction ends, whoever enqueues to one of these lanes or ends a job of one
    /// waits; keep it short, and enqueue last.
    ///
    /// - Returns: The ids, in the order of the jobs. Within a lane they grow in the order of commits.
    @discardableResult
    public func enqueue(_ jobs: [NewJob], in connection: PostgresConnection) async throws(PostgresError) -> [Int64] {
        guard !jobs.isEmpty else { return [] }
        let rows = try await connection.query(
            Statement.enqueue,
            [
                jobs.map(\.stage), jobs.map(\.tenantID), jobs.map(\.connectionID), jobs.map(\.lane),
                jobs.map(\.priority.rawValue), jobs.map(\.runAt), jobs.map(\.validUntil), jobs.map(\.maxAttempts),
                jobs.map { JSONText($0.payload.canonicalText) }, now?(), [] as [Int64],
            ])
        return try rows.map { row throws(PostgresError) in try row.decode(Int64.self) }
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
        var held = Set(jobs.map(Hold.init))
        do throws(PostgresError) {
            // Most jobs have no other behind them and lie where they were claimed.
            let places: [any PostgresValue] = [jobs.map(\.place), jobs.map(\.token), outcome, reason]
            for row in try await connection.query(Statement.finish, places) { held.remove(try Hold(row)) }
            guard !held.isEmpty else { return }
            for row in try await connection.query(Statement.advance, held.columns + [outcome, reason, now?()]) {
                held.remove(try Hold(row))
            }
        } catch {
            throw JobQueueError(error)
        }
        guard held.isEmpty else {
            throw JobQueueError(leaseLost: jobs.filter { held.contains(Hold($0)) }.map(\.id))
        }
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
            guard !held.isEmpty else { throw JobQueueError(leaseLost: [job.id]) }
            wakeUpCall.call(after: wait)
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
            try await connection.execute(Statement.bury, [Hold(job)].columns + [reason])
            try await end([job], outcome: "dead", reason: reason, in: connection)
        }
    }

    /// Gives jobs back untouched, when the worker stops; the attempt is refunded. Those that are no longer ours are left
    /// alone.
    public func release(_ jobs: [Job]) async throws(JobQueueError) {
        guard !jobs.isEmpty else { return }
        _ = try await reschedule(jobs, after: .zero, refund: true, reason: nil)
        await wake()
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
        let tokens = Array(Set(jobs.map(\.token)))
        let held = try await run(Statement.extend, [tokens, lease / .seconds(1), now?()]) { row throws(PostgresError) in
            try row.decode(Int64.self)
        }
        return jobs.filter { !held.contains($0.token) }
    }

    /// Keeps what a CRM said about a connection's rate limits; claims reserve calls by it.
    public func observe(_ budgets: [ObservedBudget], connection: Int64) async throws(JobQueueError) {
        guard !budgets.isEmpty else { return }
        _ = try await run(
            Statement.observe,
            [
                connection, budgets.map(\.name), budgets.map { Int32(clamping: $0.calls) },
                budgets.map { $0.interval / .seconds(1) }, budgets.map { Int32(clamping: $0.remaining) },
                budgets.map(\.observedAt),
            ])
    }

    /// Tells all workers that there is work; call it after the commit that enqueued. Those of this queue and its copies
    /// hear it at once. Cheap to call often: to the others it sends at most one notification in 20 ms.
    public func wake() async {
        await wakeUpCall.call()
    }

    /// Says when to claim: at once, whenever work may have come, and at the latest after `poll`.
    ///
    /// Several calls while the reader is busy are one. Notifications need a session of their own; where there is none
    /// (PgBouncer in transaction mode), polling serves. It ends when its task is cancelled.
    public func wakeUps(poll: Duration = .seconds(1)) -> AsyncStream<Void> {
        let (pool, wakeUpCall) = (pool, wakeUpCall)
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let listener = wakeUpCall.add(continuation)
            let task = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await _ in pool.listen(to: [WakeUpCall.channel]) { continuation.yield() }
                    }
                    group.addTask {
                        repeat { continuation.yield() } while (try? await Task.sleep(for: poll)) != nil
                    }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in
                wakeUpCall.remove(listener)
                task.cancel()
            }
        }
    }
}

extension JobQueue {
    /// Gives jobs back to wait; returns the lanes of those that were still held.
    private func reschedule(
        _ jobs: [Job], after wait: Duration, refund: Bool, reason: String?
    ) async throws(JobQueueError) -> [PostgresRow] {
        try await run(
            Statement.reschedule,
            jobs.map(Hold.init).columns + [wait / .seconds(1), refund ? 1 : 0, reason, now?()])
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

    func run(_ sql: SQL, _ values: [any PostgresValue]) async throws(JobQueueError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql, values)
        } catch {
            throw JobQueueError(error)
        }
    }
}

/// By what a worker holds a job.
private struct Hold: Hashable {
    let lane: Int64
    let token: Int64

    init(_ job: Job) { (lane, token) = (job.lane, job.token) }

    init(_ row: PostgresRow) throws(PostgresError) { (lane, token) = try row.decode(Int64.self, Int64.self) }
}

extension Collection<Hold> {
    /// The first two values of the statements about held jobs.
    fileprivate var columns: [any PostgresValue] { [map(\.lane), map(\.token)] }
}
