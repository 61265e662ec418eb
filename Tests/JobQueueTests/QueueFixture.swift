import Foundation
import JSON
import JobQueue
import PostgresClient
import Synchronization
import TestSupport
import XCTest

/// A clock that only moves when it is told to.
final class ManualClock: Sendable {
    private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    var now: Date { time.withLock { $0 } }

    func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}

/// A fresh database with two workers on one manual clock.
struct QueueFixture: Sendable {
    let database: TestDatabase
    let clock = ManualClock()
    let queue: JobQueue
    let other: JobQueue

    var pool: PostgresPool { database.pool }

    static func make() async throws -> QueueFixture { QueueFixture(try await TestDatabase.make()) }

    private init(_ database: TestDatabase) {
        let clock = clock
        self.database = database
        queue = JobQueue(pool: database.pool, worker: "one", now: { clock.now })
        other = JobQueue(pool: database.pool, worker: "two", now: { clock.now })
    }

    func drop() async { await database.drop() }

    /// A job of stage "write" that is due by the manual clock.
    func job(
        _ lane: String, tenant: Int64 = 1, connection: Int64 = 1, priority: JobPriority = .normal, runAt: Date? = nil,
        validUntil: Date? = nil, maxAttempts: Int16 = 12,
        payload: JSONValue = [:]
    ) -> NewJob {
        NewJob(
            stage: "write", tenantID: tenant, connectionID: connection, lane: lane, priority: priority,
            runAt: runAt ?? clock.now,
            validUntil: validUntil, maxAttempts: maxAttempts, payload: payload)
    }

    @discardableResult
    func enqueue(_ jobs: NewJob...) async throws -> [Int64] {
        try await pool.transaction { try await queue.enqueued(jobs, in: $0) }
    }

    /// Claims up to ten jobs of the stage "write" as the first worker.
    func claim(_ limit: Int = 10) async throws -> [Job] { try await queue.claim(stage: "write", limit: limit) }

    /// Claims exactly one job.
    func claimOne(file: StaticString = #filePath, line: UInt = #line) async throws -> Job {
        let jobs = try await claim()
        XCTAssertEqual(jobs.count, 1, file: file, line: line)
        return try XCTUnwrap(jobs.first, file: file, line: line)
    }

    func finish(_ jobs: [Job], outcome: JobOutcome = .done) async throws {
        try await pool.transaction { try await queue.finish(jobs, in: $0, outcome: outcome) }
    }

    /// The state of a live or dead job and why; `nil` when it has ended or is not there.
    func state(_ id: Int64) async throws -> (state: String, attempt: Int, reason: String?)? {
        try await pool.query("SELECT state, attempts, reason FROM job_states WHERE id = $1", [id]).first?
            .decode(String.self, Int.self, String?.self)
    }

    /// Makes tenants 1, 2, … with these names, and for each a connection of the same number and name.
    func declare(_ tenants: KeyValuePairs<String, String>) async throws {
        for (name, system) in tenants {
            try await pool.execute(
                """
                WITH tenant AS (INSERT INTO tenants (name, title) VALUES ($1, '') RETURNING id)
                INSERT INTO connections (tenant_id, name, system, account, settings) SELECT id, $1, $2, '', '{}' FROM tenant
                """, [name, system])
        }
    }

    /// How a job ended, from history; `nil` when it has not.
    func outcome(_ id: Int64) async throws -> (outcome: String, attempts: Int, reason: String?)? {
        try await pool.query("SELECT outcome, attempts, reason FROM job_history WHERE job_id = $1", [id]).first?
            .decode(String.self, Int.self, String?.self)
    }
}

/// Asserts that what was asked for is not there.
func assertNotFound(
    _ message: String, file: StaticString = #filePath, line: UInt = #line, _ body: () async throws -> Void
) async {
    do {
        try await body()
        XCTFail("it was found", file: file, line: line)
    } catch {
        let error = error as? JobQueueError
        XCTAssertEqual(error?.code, .notFound, file: file, line: line)
        XCTAssertEqual(error?.message, message, file: file, line: line)
    }
}

/// Asserts that the lease of exactly these jobs was lost.
func assertLeaseLost(
    _ jobs: [Job], file: StaticString = #filePath, line: UInt = #line, _ body: () async throws -> Void
) async {
    do {
        try await body()
        XCTFail("the lease still held", file: file, line: line)
    } catch {
        let error = error as? JobQueueError
        XCTAssertEqual(error?.code, .leaseLost, file: file, line: line)
        XCTAssertEqual(error?.jobs, jobs.map(\.id), file: file, line: line)
    }
}
