import Foundation
import JobQueue
import PostgresClient
import XCTest

/// Seeded schedules of two workers that claim, finish, fail, stall and crash, and of an operator who pauses,
/// resumes and brings dead letters back, against the model in memory.
///
/// A failure names its seed; the same seed gives the same schedule. `LEADWRIGHT_SCHEDULES` says how many, 200 unless given.
final class RandomScheduleTests: XCTestCase {
    /// How many schedules share a database. Each passes the dead rows that the ones before left: 200 take 14 s, 400 take
    /// 53 s.
    private static let together: UInt64 = 200
    private var fixture: QueueFixture?

    override func tearDown() async throws { await fixture?.drop() }

    func testTheQueueDoesWhatTheModelDoes() async throws {
        let count = ProcessInfo.processInfo.environment["LEADWRIGHT_SCHEDULES"].flatMap(UInt64.init) ?? 200
        for seed in 1...count {
            if seed % Self.together == 1 { try await makeFixture() }
            let fixture = try XCTUnwrap(fixture)
            var schedule = Schedule(fixture: fixture, seed: seed)
            for _ in 0..<30 { try await schedule.step() }
            try await schedule.drain()
            try await schedule.compare()
            guard testRun?.failureCount == 0 else { return }
        }
    }

    private func makeFixture() async throws {
        await fixture?.drop()
        let fresh = try await QueueFixture.make()
        fixture = fresh
        try await fresh.declare(["tenant-1": "hubspot", "tenant-2": "hubspot", "tenant-3": "zapier"])
    }
}

/// One schedule: its own stage, so that schedules share a database and none sees the other.
private struct Schedule {
    private let fixture: QueueFixture
    private let seed: UInt64
    private let stage: String
    private let lease = 30.0
    private var generator: SeededGenerator
    private var model = QueueModel()
    /// What each worker believes to hold.
    private var held: [[Job]] = [[], []]

    init(fixture: QueueFixture, seed: UInt64) {
        self.fixture = fixture
        self.seed = seed
        stage = "schedule \(seed)"
        generator = SeededGenerator(seed: seed)
    }

    private var now: Date { fixture.clock.now }
    private func queue(_ worker: Int) -> JobQueue { worker == 0 ? fixture.queue : fixture.other }

    mutating func step() async throws {
        let worker = Int.random(in: 0...1, using: &generator)
        switch Int.random(in: 0..<23, using: &generator) {
        case 0..<4: try await enqueue()
        case 4..<10: try await claim(worker)
        case 10..<13: try await finish(worker)
        case 13..<15: try await retry(worker)
        case 15: try await endAttempt(worker, .bury) { try await $0.bury($1, reason: "cannot work") }
        case 16: try await release(worker)
        case 17: try await extend(worker)
        case 18: held[worker] = []
        case 19: try await pause()
        case 20: try await resume()
        case 21: try await redrive()
        default: fixture.clock.advance(Double(Int.random(in: 1...40, using: &generator)))
        }
    }

    private mutating func enqueue() async throws {
        let jobs = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            var job = fixture.job(
                "\(stage) \(Int.random(in: 0..<4, using: &generator))",
                tenant: Int64.random(in: 1...3, using: &generator),
                priority: JobPriority.allCases.randomElement(using: &generator) ?? .normal,
                runAt: now + Double([0, 0, 0, 15].randomElement(using: &generator) ?? 0),
                maxAttempts: Int16.random(in: 1...4, using: &generator))
            job.stage = stage
            if Int.random(in: 0..<5, using: &generator) == 0 { job.validUntil = now + 45 }
            return job
        }
        let ids = try await fixture.pool.transaction { [fixture] in try await fixture.queue.enqueued(jobs, in: $0) }
        model.enqueue(jobs, ids: ids, now: now)
    }

    /// A tenant, or all of them.
    private mutating func someTenant() -> Int64? { [nil, 1, 2, 3].randomElement(using: &generator) ?? nil }

    private func scope(_ tenant: Int64?) -> QueueScope {
        QueueScope(tenant: tenant.map { "tenant-\($0)" }, stage: stage)
    }

    private mutating func pause() async throws {
        let tenant = someTenant()
        let isNew = try await fixture.queue.pause(scope(tenant))
        XCTAssertEqual(isNew, model.pause(tenant), "seed \(seed)")
    }

    private mutating func resume() async throws {
        let tenant = model.pauses.sorted { ($0 ?? 0) < ($1 ?? 0) }.randomElement(using: &generator) ?? someTenant()
        let freed: Int?
        do {
            freed = try await fixture.queue.resume(scope(tenant))
        } catch {
            XCTAssertEqual(error.code, .notFound, "seed \(seed)")
            freed = nil
        }
        XCTAssertEqual(freed, model.resume(tenant, now: now), "seed \(seed)")
    }

    private mutating func redrive() async throws {
        let tenant = someTenant()
        let (taken, stale) = model.exhume(tenant, now: now)
        let filter = DeadLetterFilter(tenant: tenant.map { "tenant-\($0)" }, stage: stage)
        let redrive = try await fixture.queue.redrive(filter)
        XCTAssertEqual(redrive.jobs.keys.sorted(), taken.map(\.id), "seed \(seed)")
        XCTAssertEqual(redrive.stale, stale, "seed \(seed)")
        let jobs = taken.map { entry in
            var job = entry.new
            job.runAt = nil
            return job
        }
        model.enqueue(jobs, ids: taken.map { redrive.jobs[$0.id] ?? 0 }, now: now)
    }

    private mutating func claim(_ worker: Int) async throws {
        let limit = Int.random(in: 1...5, using: &generator)
        let expected = model.claim(limit: limit, now: now)
        let jobs = try await queue(worker).claim(stage: stage, limit: limit)
        XCTAssertEqual(jobs.map(\.id), expected, "seed \(seed)")
        for job in jobs { model.take(job, until: now + lease) }
        held[worker] += jobs
    }

    private mutating func finish(_ worker: Int) async throws {
        try await endAttempt(worker, .finish) { [fixture] queue, job in
            try await fixture.pool.transaction { try await queue.finish(job, in: $0) }
        }
    }

    private mutating func retry(_ worker: Int) async throws {
        let delay = Bool.random(using: &generator) ? RetryDelay.backoff : .postpone(.seconds(3))
        guard
            let job = try await endAttempt(
                worker, .fail(delay), { try await $0.retry($1, reason: "HTTP 500", after: delay) })
        else { return }
        // The wait is random, so the model learns it from the database, once it is seen to be within its bounds.
        let rows = try await fixture.pool.query("SELECT run_at FROM jobs WHERE id = $1 AND turn IS NULL", [job.id])
        guard let runAt = try rows.first?.decode(Date.self) else { return }
        let ceiling = delay == .backoff ? Backoff().ceiling(afterAttempt: job.attempt) : .seconds(3)
        XCTAssertGreaterThanOrEqual(runAt, now)
        XCTAssertLessThanOrEqual(runAt.timeIntervalSince(now), Double(ceiling.components.seconds), "seed \(seed)")
        model.reschedule(job.id, runAt: runAt)
    }

    /// Lets a worker do something with a random job that it believes to hold; the queue must refuse exactly when the
    /// model does. Returns the job if it did not.
    @discardableResult
    private mutating func endAttempt(
        _ worker: Int, _ event: JobLifecycle.Event, _ body: (JobQueue, Job) async throws -> Void
    ) async throws -> Job? {
        guard let index = held[worker].indices.randomElement(using: &generator) else { return nil }
        let job = held[worker].remove(at: index)
        guard model.handle(event, job, now: now) else {
            await assertLeaseLost([job]) { try await body(queue(worker), job) }
            return nil
        }
        try await body(queue(worker), job)
        return job
    }

    private mutating func release(_ worker: Int) async throws {
        for job in held[worker] { _ = model.handle(.release, job, now: now) }
        try await queue(worker).release(held[worker])
        held[worker] = []
    }

    private mutating func extend(_ worker: Int) async throws {
        let lost = try await queue(worker).extend(held[worker])
        let expected = held[worker].filter { !model.extend($0, until: now + lease) }
        XCTAssertEqual(lost, expected, "seed \(seed)")
    }

    /// The workers come back and finish everything.
    mutating func drain() async throws {
        while !model.pauses.isEmpty { try await resume() }
        repeat {
            fixture.clock.advance(1000)
            held = [[], []]
            try await claim(0)
            while !held[0].isEmpty { try await finish(0) }
        } while model.entries.values.contains { [.ready, .running].contains($0.lifecycle.state) }
    }

    /// Nothing is lost and nothing is completed twice.
    func compare() async throws {
        let dead = try await fixture.pool.query("SELECT id, 'dead', attempts FROM dead_jobs WHERE stage = $1", [stage])
        let ended = try await fixture.pool.query(
            "SELECT job_id, 'finished', attempts FROM job_history WHERE stage = $1 AND outcome <> 'dead'", [stage])
        XCTAssertEqual(dead.count + ended.count, model.entries.count, "seed \(seed)")
        for row in dead + ended {
            let (id, state, attempt) = try row.decode(Int64.self, String.self, Int.self)
            let entry = try XCTUnwrap(model.entries[id])
            XCTAssertEqual(state, entry.lifecycle.state.rawValue, "seed \(seed), job \(id)")
            XCTAssertEqual(attempt, entry.lifecycle.attempt, "seed \(seed), job \(id)")
        }
    }
}
