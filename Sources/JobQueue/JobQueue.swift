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
/// A claim gives a lease and a token. A worker that dies lets its leases run out, and the jobs run again; its token no
/// longer holds then, so what it may still complete is refused. ``JobLifecycle`` has the states.
public struct JobQueue: Sendable {
    private let pool: PostgresPool
    private let worker: String
    /// How long a claim holds.
    public let lease: Duration
    private let backoff: Backoff
    private let now: (@Sendable () -> Date)?
    private let wakeUpCall: WakeUpCall

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
    }

    /// Puts jobs into the queue, in the caller's transaction; call ``wake()`` after its commit.
    ///
    /// One statement for all. Until the transaction ends, others that enqueue for one of these lanes wait; keep it
    /// short, and enqueue last.
    ///
    /// - Returns: The ids, in the order of the jobs.
    @discardableResult
    public func enqueue(_ jobs: [NewJob], in connection: PostgresConnection) async throws(PostgresError) -> [Int64] {
        guard !jobs.isEmpty else { return [] }
        let rows = try await connection.query(
            Statement.enqueue,
            [
                jobs.map(\.stage), jobs.map(\.tenantID), jobs.map(\.connectionID), jobs.map(\.lane),
                jobs.map(\.priority), jobs.map(\.runAt), jobs.map(\.validUntil), jobs.map(\.maxAttempts),
                jobs.map { JSONText($0.payload.canonicalText) },
            ])
        return try rows.map { row throws(PostgresError) in try row.decode(Int64.self) }
    }

    /// Takes up to `limit` jobs of a stage: due, the first of their lanes, and those whose lease ran out.
    ///
    /// At most one job of a lane is out at any time. What is stale goes to history on the way, as dropped.
    public func claim(stage: String, limit: Int) async throws(JobQueueError) -> [Job] {
        // Again only when all that was looked at was stale or exhausted: an empty answer must mean that nothing is due.
        while true {
            let rows = try await run(
                Statement.claim, [stage, limit, worker, seconds(lease), now?()])
            var jobs: [Job] = []
            for row in rows {
                if let job = try await job(row, stage: stage) { jobs.append(job) }
            }
            if !jobs.isEmpty || rows.isEmpty { return jobs }
        }
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
        let rows: [PostgresRow]
        do throws(PostgresError) {
            rows = try await connection.query(Statement.finish, [jobs.map(\.id), jobs.map(\.token), name, reason])
        } catch {
            throw JobQueueError(error)
        }
        let held = try tokens(rows)
        let lost = jobs.filter { !held.contains($0.token) }
        guard lost.isEmpty else { throw JobQueueError(leaseLost: lost.map(\.id)) }
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
            try await runHeld(
                job, Statement.reschedule, [job.id, job.token, seconds(wait), refund ? 1 : 0, reason, now?()])
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
        try await runHeld(job, Statement.bury, [job.id, job.token, reason])
    }

    /// Gives jobs back untouched, when the worker stops; the attempt is refunded. Those that are no longer ours are left
    /// alone.
    public func release(_ jobs: [Job]) async throws(JobQueueError) {
        guard !jobs.isEmpty else { return }
        _ = try await run(Statement.release, [jobs.map(\.id), jobs.map(\.token)])
        await wake()
    }

    /// Gives one job back untouched.
    public func release(_ job: Job) async throws(JobQueueError) {
        try await release([job])
    }

    /// Starts the leases anew: call it at a third of the lease, as long as the work takes.
    ///
    /// - Returns: The jobs whose lease was lost; stop working on them.
    @discardableResult
    public func extend(_ jobs: [Job]) async throws(JobQueueError) -> [Job] {
        guard !jobs.isEmpty else { return [] }
        let rows = try await run(Statement.extend, [jobs.map(\.id), jobs.map(\.token), seconds(lease), now?()])
        let held = try tokens(rows)
        return jobs.filter { !held.contains($0.token) }
    }

    /// How much there is, by stage and state. Reads the whole live table: for people and metrics, not for loops.
    public func depths() async throws(JobQueueError) -> [QueueDepth] {
        let rows = try await run(Statement.depths, [now?()])
        do throws(PostgresError) {
            return try rows.map { row throws(PostgresError) in
                let (stage, state, count, oldest) = try row.decode(String.self, String.self, Int.self, Double.self)
                return QueueDepth(stage: stage, state: state, count: count, oldest: .seconds(oldest))
            }
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Tells all workers that there is work; call it after the commit that enqueued. Cheap to call often: this queue and
    /// its copies send at most one notification in 20 ms.
    public func wake() async {
        await wakeUpCall.call()
    }

    /// Says when to claim: at once, whenever work may have come, and at the latest after `poll`.
    ///
    /// Several calls while the reader is busy are one. Notifications need a session of their own; where there is none
    /// (PgBouncer in transaction mode), polling serves. It ends when its task is cancelled.
    public func wakeUps(poll: Duration = .seconds(1)) -> AsyncStream<Void> {
        let pool = pool
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
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
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension JobQueue {
    /// A claimed job; `nil` for a row that was only looked at, and for a payload that cannot be read, which is buried so
    /// that it does not take the rest of its batch with it.
    private func job(_ row: PostgresRow, stage: String) async throws(JobQueueError) -> Job? {
        let columns: ClaimedColumns
        do throws(PostgresError) {
            guard try row.decode("token", as: Int64?.self) != nil else { return nil }
            columns = try row.decode(
                Int64.self, Int64.self, Int64.self, Int64.self, Int.self, Int.self, Int64.self, String.self, Date.self)
        } catch {
            throw JobQueueError(error)
        }
        let (id, tenantID, connectionID, lane, attempt, maxAttempts, token, text, enqueuedAt) = columns
        do throws(JSONError) {
            let payload = try JSONValue(parsing: text)
            return Job(
                id: id, stage: stage, tenantID: tenantID, connectionID: connectionID, lane: lane, attempt: attempt,
                maxAttempts: maxAttempts, token: token, payload: payload, enqueuedAt: enqueuedAt)
        } catch {
            _ = try await run(Statement.bury, [id, token, "its payload cannot be read: \(error)"])
            return nil
        }
    }

    private typealias ClaimedColumns = (Int64, Int64, Int64, Int64, Int, Int, Int64, String, Date)

    private func run(_ sql: SQL, _ values: [any PostgresValue]) async throws(JobQueueError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql, values)
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Runs a statement that changes one held job; no row means that its token no longer held.
    private func runHeld(_ job: Job, _ sql: SQL, _ values: [any PostgresValue]) async throws(JobQueueError) {
        guard try await !run(sql, values).isEmpty else { throw JobQueueError(leaseLost: [job.id]) }
    }

    /// The tokens that a statement found in force. Not ids: a worker that lost a job and claimed it again holds it once.
    private func tokens(_ rows: [PostgresRow]) throws(JobQueueError) -> Set<Int64> {
        do throws(PostgresError) {
            return Set(try rows.map { row throws(PostgresError) in try row.decode(Int64.self) })
        } catch {
            throw JobQueueError(error)
        }
    }

    private func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
