import Foundation
import JSON
import PostgresClient

extension JobQueue {
    /// How many jobs that came due get their turns before a claim.
    private static let admittedTogether = 1000

    /// Takes up to `limit` jobs of a stage: the first of their lanes, due, not paused, and within their connections' call
    /// budgets; urgent ones first, and tenants by their weights.
    ///
    /// At most one job of a lane is out at any time. What is stale goes to history on the way, as dropped.
    ///
    /// - Parameter cost: The calls to reserve for what is taken.
    public func claim(stage: String, limit: Int, cost: CallCost = .none) async throws(JobQueueError) -> [Job] {
        if rounds.rescueIsDue() { try await rescue() }
        let look = rounds.look(for: stage)
        var jobs = try await take(stage, limit: limit, cost, from: look.marks)
        rounds.ended(look, for: stage, leavingRoom: jobs.count < limit)
        if jobs.isEmpty, let marks = rounds.deeperMarks(of: stage, than: look) {
            jobs = try await take(stage, limit: limit, cost, from: marks)
        }
        return jobs
    }

    /// Claims until the limit is reached or nothing is left.
    private func take(
        _ stage: String, limit: Int, _ cost: CallCost, from marks: ClaimCursor.Clocks
    ) async throws(JobQueueError) -> [Job] {
        var jobs: [Job] = []
        while jobs.count < limit {
            let asked = limit - jobs.count
            let round = try await takeOnce(stage, limit: asked, cost, from: marks)
            jobs += round.jobs
            // What was parked, stale or exhausted may have hidden others.
            let isExhausted = round.looked < asked && round.jobs.count == round.looked
            if isExhausted || round.taken + round.parked == 0 { break }
        }
        return jobs
    }

    private struct Round {
        let looked: Int
        let parked: Int
        let taken: Int
        /// Those taken that can run.
        let jobs: [Job]
    }

    /// Claims once, after giving turns to what came due, and forgets leases that are over: all in one round trip and one
    /// transaction.
    private func takeOnce(
        _ stage: String, limit: Int, _ cost: CallCost, from marks: ClaimCursor.Clocks
    ) async throws(JobQueueError) -> Round {
        let levels = JobPriority.allCases.sorted { $0.rawValue > $1.rawValue }
        let tokens = Dictionary(uniqueKeysWithValues: levels.map { ($0, Int64.random(in: .min ... .max)) })
        var statements = [BoundStatement(Statement.serialize, [stage, cost.calls > 0])]
        let admission = rounds.admission(of: stage)
        if admission.isDue {
            let values: [any PostgresValue] = [stage, Self.admittedTogether, now?(), admission.since ?? .distantPast]
            statements.append(BoundStatement(Statement.admit, values))
        }
        let claim = statements.count
        statements.append(
            BoundStatement(
                Statement.claim,
                [
                    stage, limit, worker, lease / .seconds(1), now?(), levels.map { marks[$0] ?? 0 },
                    levels.compactMap { tokens[$0] }, cost.calls, cost.jobsPerBatch,
                ]))
        let over = leases.over
        if !over.isEmpty { statements.append(BoundStatement(Statement.forget, [over])) }
        var rows: [ClaimedRow] = []
        do throws(PostgresError) {
            let answers = try await pool.query(statements)
            if admission.isDue, let (count, time) = try answers[1].first?.decode(Int.self, Date.self),
                count < Self.admittedTogether
            {
                rounds.admitted(stage, through: time)
            }
            rows = try answers[claim].map { row throws(PostgresError) in
                try ClaimedRow(row, stage: stage, tokens: tokens)
            }
            if !over.isEmpty {
                let clocks = try answers[claim + 1].map { row throws(PostgresError) in try row.decode(Int64.self) }
                leases.forgot(over, except: clocks)
            }
        } catch {
            throw JobQueueError(error)
        }
        let taken = rows.filter { $0.parkSeconds == nil }
        rounds.took(taken, of: stage)
        leases.began(taken.map(\.job))
        let parked = try await park(rows.filter { $0.parkSeconds != nil }, of: stage)
        return Round(looked: rows.count, parked: parked, taken: taken.count, jobs: try await settle(taken))
    }

    /// Sets aside what was not taken.
    ///
    /// - Returns: how many jobs.
    private func park(_ rows: [ClaimedRow], of stage: String) async throws(JobQueueError) -> Int {
        guard !rows.isEmpty else { return 0 }
        let jobs = rows.map(\.job)
        let values: [any PostgresValue] = [
            jobs.map(\.lane), jobs.map(\.id), jobs.map(\.turn), rows.map(\.parkSeconds), now?(),
        ]
        do throws(PostgresError) {
            let answers = try await pool.query([
                BoundStatement(Statement.serialize, [stage, false]), BoundStatement(Statement.park, values),
            ])
            return answers[1].count
        } catch {
            throw JobQueueError(error)
        }
    }

    /// Ends those that cannot run, so that they do not take the rest of their batch with them.
    private func settle(_ claimed: [ClaimedRow]) async throws(JobQueueError) -> [Job] {
        var jobs: [Job] = []
        for row in claimed {
            switch row.fate {
            case .run: jobs.append(row.job)
            case .drop(let reason):
                try await transaction { try await finish(row.job, in: $0, outcome: .dropped(reason: reason)) }
            case .bury(let reason): try await bury(row.job, reason: reason)
            }
        }
        return jobs
    }

    /// Takes jobs back from workers that let their leases run out.
    private func rescue() async throws(JobQueueError) {
        let limit = 500
        var ended = limit
        while ended == limit {
            let answer = try await run(Statement.rescue, [limit, now?()]) { row throws(PostgresError) in
                try row.decode(Int.self)
            }
            ended = answer.first ?? 0
        }
    }
}
