import Foundation
import JSON
import JobQueue
import PostgresClient
import Synchronization

/// Jobs without work, put into a queue and taken out again: what the queue itself can do, with order, fairness and call
/// budgets on.
///
/// All of it is done through ``JobQueue``, as the gateway and the workers do it: a transaction commits the jobs, another
/// finishes what a claim took.
struct QueueBenchmark: Sendable {
    /// What is put in.
    struct Load: Sendable {
        /// Jobs to drain.
        var jobs = 100_000
        /// Leads that they are for; `jobs` unless fewer.
        var lanes: Int?
        /// Tenants that they belong to, each with a connection of its own.
        var tenants = 10
        /// Jobs that wait behind others of their leads all the time.
        var blocked = 0
        /// Jobs of one more tenant, which were there first.
        var flood = 0
        /// Seconds of jobs that keep coming as fast as they are done, instead of a queue that is drained.
        var sustained = 0
    }

    private static let stage = "bench"

    let pool: PostgresPool
    let load: Load
    /// Claims in flight.
    let workers: Int
    /// Jobs of a claim.
    let batch: Int

    // MARK: What is measured

    /// All figures.
    func run() async throws -> [String: JSONValue] {
        try await requireEmptyQueue()
        try await limitCalls()
        try await block()
        let start = try await walPosition()
        let inserted =
            try await insert(load.flood, tenant: { _ in load.tenants }, offset: load.jobs)
            + insert(load.jobs, tenant: { $0 % load.tenants }, offset: 0)
        var figures: [String: JSONValue] = [
            "jobs": .integer(Int64(load.jobs + load.flood)), "workers": .integer(Int64(workers)),
            "batch": .integer(Int64(batch)),
            "insert_jobs_s": .number(Double(load.jobs + load.flood) / inserted),
        ]
        let drained = try await drain(load.jobs + load.flood)
        figures["completed_jobs_s"] = .number(Double(load.jobs + load.flood) / drained.seconds)
        if load.flood > 0 { figures["wait_p99_s"] = .number(drained.waits.percentile(99)) }
        let end = try await walPosition()
        figures["wal_bytes_per_job"] = .number((end - start) / Double(load.jobs + load.flood))
        if load.sustained > 0 {
            figures["sustained_jobs_s"] = .array(try await sustain().map { .number($0) })
        } else {
            let rate = min(Double(load.jobs + load.flood) / drained.seconds / 2, 10_000)
            let latencies = try await pace(rate, seconds: 5)
            figures["paced_jobs_s"] = .number(rate)
            figures["p50_ms"] = .number(latencies.percentile(50) * 1000)
            figures["p99_ms"] = .number(latencies.percentile(99) * 1000)
        }
        figures["dead_tuples"] = .integer(try await deadTuples())
        try await pool.execute("DELETE FROM call_limits WHERE connection_id < 0")
        try await pool.execute("DELETE FROM call_ledger WHERE connection_id < 0")
        return figures
    }

    /// Puts jobs in, a thousand a transaction, four transactions at once.
    ///
    /// - Returns: the seconds it took.
    private func insert(_ count: Int, tenant: @escaping @Sendable (Int) -> Int, offset: Int) async throws -> Double {
        let next = Atomic(0)
        return try await seconds {
            try await side(by: 4) { _ in
                while true {
                    let first = next.add(1000, ordering: .relaxed).oldValue
                    guard first < count else { return }
                    let jobs = (first..<min(count, first + 1000)).map { job($0 + offset, tenant: tenant($0)) }
                    try await pool.transaction { queue("producer").enqueue(jobs, in: $0) }
                }
            }
        }
    }

    private struct Drain {
        let seconds: Double
        /// From the beginning to the completion, of all jobs but the flooding tenant's.
        let waits: [Double]
    }

    /// Takes all jobs out.
    private func drain(_ count: Int) async throws -> Drain {
        let left = Atomic(count)
        let waits = Mutex<[Double]>([])
        let clock = ContinuousClock()
        let start = clock.now
        try await side(by: workers) { index in
            let queue = queue("worker \(index)")
            while left.load(ordering: .relaxed) > 0 {
                let jobs = try await perform(queue)
                guard !jobs.isEmpty else { continue }
                left.subtract(jobs.count, ordering: .relaxed)
                let wait = (clock.now - start) / .seconds(1)
                let flooding = id(ofTenant: load.tenants)
                let count = jobs.count { $0.tenantID != flooding }
                waits.withLock { $0 += Array(repeating: wait, count: count) }
            }
        }
        return Drain(seconds: (clock.now - start) / .seconds(1), waits: waits.withLock(\.self))
    }

    /// Keeps twenty thousand jobs waiting.
    ///
    /// - Returns: the jobs done in each second, on average over ten of them at a time.
    private func sustain() async throws -> [Double] {
        let put = Atomic(0)
        let done = Atomic(0)
        let isOver = Atomic(false)
        let rates = Mutex<[Double]>([])
        try await side(by: workers + 2) { index in
            if index == 0 {
                for _ in 0..<(load.sustained / 10) {
                    let before = done.load(ordering: .relaxed)
                    for _ in 0..<10 {
                        try await Task.sleep(for: .seconds(1))
                        // As a CRM's answers would.
                        try await limitCalls()
                    }
                    rates.withLock { $0.append(Double(done.load(ordering: .relaxed) - before) / 10) }
                }
                isOver.store(true, ordering: .relaxed)
            } else if index == 1 {
                while !isOver.load(ordering: .relaxed) {
                    guard put.load(ordering: .relaxed) - done.load(ordering: .relaxed) < 20_000 else {
                        try await Task.sleep(for: .milliseconds(5))
                        continue
                    }
                    let first = put.add(1000, ordering: .relaxed).oldValue
                    let jobs = (first..<first + 1000).map { job($0, tenant: $0 % load.tenants) }
                    try await pool.transaction { queue("producer").enqueue(jobs, in: $0) }
                }
            } else {
                let queue = queue("worker \(index)")
                while !isOver.load(ordering: .relaxed) || done.load(ordering: .relaxed) < put.load(ordering: .relaxed) {
                    done.add(try await perform(queue).count, ordering: .relaxed)
                }
            }
        }
        return rates.withLock(\.self)
    }

    /// Puts jobs in at a fixed rate while workers that are woken take them out.
    ///
    /// - Returns: the seconds from the time that each was to be put in to its completion.
    private func pace(_ rate: Double, seconds: Double) async throws -> [Double] {
        let total = Int(rate * seconds)
        let left = Atomic(total)
        let latencies = Mutex<[Double]>([])
        let clock = ContinuousClock()
        let start = clock.now
        try await side(by: workers + 1) { index in
            let queue = queue("paced \(index)")
            guard index > 0 else {
                var put = 0
                while put < total {
                    let due = min(total, Int((clock.now - start) / .seconds(1) * rate))
                    let jobs = (put..<max(put, due)).map { number in
                        job(number, tenant: number % load.tenants, at: Double(number) / rate)
                    }
                    if jobs.isEmpty {
                        try await Task.sleep(for: .milliseconds(1))
                        continue
                    }
                    put += jobs.count
                    try await pool.transaction { queue.enqueue(jobs, in: $0) }
                }
                return
            }
            for await _ in queue.wakeUps() {
                while left.load(ordering: .relaxed) > 0 {
                    let jobs = try await perform(queue)
                    guard !jobs.isEmpty else { break }
                    let now = (clock.now - start) / .seconds(1)
                    let waits = jobs.compactMap { $0.payload["at"]?.double.map { now - $0 } }
                    latencies.withLock { $0 += waits }
                    left.subtract(jobs.count, ordering: .relaxed)
                }
                if left.load(ordering: .relaxed) <= 0 { return }
            }
        }
        return latencies.withLock(\.self)
    }

    /// Claims once, and finishes what was claimed in one transaction.
    private func perform(_ queue: JobQueue) async throws -> [Job] {
        let jobs = try await queue.claim(
            stage: Self.stage, limit: batch, cost: CallCost(calls: 1, jobsPerBatch: 100))
        guard !jobs.isEmpty else { return [] }
        try await pool.transaction { try await queue.finish(jobs, in: $0) }
        return jobs
    }

    // MARK: Surroundings

    private func queue(_ worker: String) -> JobQueue { JobQueue(pool: pool, worker: worker) }

    /// Negative, so that no tenant or connection of an installation has it.
    private func id(ofTenant tenant: Int) -> Int64 { -1 - Int64(tenant) }

    private func job(_ number: Int, tenant: Int, at time: Double? = nil) -> NewJob {
        let payload: JSONValue =
            time.map { ["event": .integer(Int64(number)), "at": .number($0)] }
            ?? ["event": .integer(Int64(number))]
        let lane = load.lanes.map { number % $0 } ?? number
        return NewJob(
            stage: Self.stage, tenantID: id(ofTenant: tenant), connectionID: id(ofTenant: tenant),
            lane: Lane.name(connection: id(ofTenant: tenant), object: "lead \(lane)"), payload: payload)
    }

    /// A daily budget that no run uses up: it is counted like any other.
    private func limitCalls() async throws {
        let queue = queue("producer")
        for tenant in 0...load.tenants {
            let budgets = [
                ObservedBudget(
                    name: "burst", calls: 1_000_000_000, interval: .seconds(10), remaining: 1_000_000_000,
                    observedAt: Date()),
                ObservedBudget(
                    name: "daily", calls: 1_000_000_000, interval: .seconds(86400), remaining: 1_000_000_000,
                    observedAt: Date()),
            ]
            try await queue.observe(budgets, connection: id(ofTenant: tenant))
        }
    }

    /// A hundred jobs behind each of some that are to run tomorrow.
    private func block() async throws {
        for lane in 0..<(load.blocked / 100) {
            let jobs = (0...100).map { number in
                var job = job(number, tenant: 0)
                job.lane = "blocked \(lane)"
                job.runAt = number == 0 ? Date(timeIntervalSinceNow: 86400) : nil
                return job
            }
            try await pool.transaction { queue("producer").enqueue(jobs, in: $0) }
        }
    }

    private func requireEmptyQueue() async throws {
        let rows = try await pool.query("SELECT FROM jobs LIMIT 1")
        guard rows.isEmpty else {
            throw CommandError.failed("there are jobs in this database's queue; measure in a database made for it")
        }
    }

    private func walPosition() async throws -> Double {
        try await pool.query("SELECT (pg_current_wal_insert_lsn() - '0/0')::float8").first?.decode(Double.self) ?? 0
    }

    /// As the server's statistics have it, which are a second old at most.
    private func deadTuples() async throws -> Int64 {
        try await Task.sleep(for: .seconds(1))
        return try await queue("reader").deadTuples().reduce(0) { $0 + Int64($1.dead) }
    }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let clock = ContinuousClock()
        return try await clock.measure(body) / .seconds(1)
    }

    /// Runs `body` several times at once, with its number.
    private func side(by count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            try await group.waitForAll()
        }
    }
}
