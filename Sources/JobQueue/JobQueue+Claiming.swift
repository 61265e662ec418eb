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
        var jobs = try await take(stage, limit: limit, cost, from: rounds.marks(of: stage))
        if jobs.count < limit, let marks = rounds.deeperMarks(of: stage, afterFinding: !jobs.isEmpty) {
            jobs += try await take(stage, limit: limit - jobs.count, cost, from: marks)
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

    /// Claims once, after giving turns to what came due: all in one round trip and one transaction.
    private func takeOnce(
        _ stage: String, limit: Int, _ cost: CallCost, from marks: ClaimCursor.Clocks
    ) async throws(JobQueueError) -> Round {
        let levels = JobPriority.allCases.sorted { $0.rawValue > $1.rawValue }
        var statements = [BoundStatement(Statement.beginClaim, [stage, cost.calls])]
        let admission = rounds.admission(of: stage)
        if admission.isDue {
            let values: [any PostgresValue] = [stage, Self.admittedTogether, now?(), admission.since ?? .distantPast]
            statements.append(BoundStatement(Statement.admit, values))
        }
        statements.append(
            BoundStatement(
                Statement.claim,
                [
                    stage, limit, worker, lease / .seconds(1), now?(), levels.map { marks[$0] ?? 0 }, cost.calls,
                    cost.jobsPerBatch,
                ]))
        var counts = (looked: 0, parked: 0)
        var claimed: [ClaimedRow] = []
        do throws(PostgresError) {
            let answers = try await pool.query(statements)
            if admission.isDue, let (count, time) = try answers[1].first?.decode(Int.self, Date.self),
                count < Self.admittedTogether
            {
                rounds.admitted(stage, through: time)
            }
            let rows = answers.last ?? []
            if let first = rows.first { counts = (try first.decode("count"), try first.decode("parked")) }
            for row in rows {
                if let row = try ClaimedRow(row, stage: stage) { claimed.append(row) }
            }
        } catch {
            throw JobQueueError(error)
        }
        rounds.took(claimed, of: stage)
        return Round(
            looked: counts.looked, parked: counts.parked, taken: claimed.count, jobs: try await settle(claimed))
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
