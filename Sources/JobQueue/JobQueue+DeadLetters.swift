import Foundation
import PostgresClient

extension JobQueue {
    /// How many dead letters one transaction brings back.
    private static let exhumedTogether = 1000

    /// The dead letters by their reasons, the most frequent first.
    ///
    /// - Throws: ``JobQueueError/Code/notFound`` when there is no such tenant.
    public func deadLetters(tenant: String? = nil, stage: String? = nil) async throws(JobQueueError) -> [DeadLetters] {
        let tenant = try await tenantID(tenant)
        return try await run(Statement.deadLetters, [tenant, stage]) { row throws(PostgresError) in
            let (stage, reason, count, first, last, example) = try row.decode(
                String.self, String.self, Int.self, Date.self, Date.self, Int64.self)
            return DeadLetters(
                stage: stage, reason: reason, count: count, first: first, last: last, example: example)
        }
    }

    /// Brings dead letters back: as new jobs at the ends of their lanes, with all attempts before them, until when they
    /// were valid before.
    ///
    /// A thousand at a time, each time in one transaction, so that none is lost or brought back twice whoever else does
    /// the same; interrupted in between, it can be run again.
    ///
    /// - Throws: ``JobQueueError/Code/notFound`` when there is no such tenant, or the job that is named is not dead.
    public func redrive(_ filter: DeadLetterFilter) async throws(JobQueueError) -> Redrive {
        let tenant = try await tenantID(filter.tenant)
        var redrive = Redrive()
        var last = filter.job.map { $0 - 1 } ?? 0
        while true {
            let batch = try await exhume(after: last, filter, tenant: tenant)
            guard let next = batch.last else { break }
            last = next
            redrive.jobs.merge(batch.jobs) { _, new in new }
            redrive.stale += batch.stale
            await wake()
        }
        if let job = filter.job, redrive == Redrive() {
            throw JobQueueError(notFound: "job \(job) is no dead letter, or not of that tenant, stage and reason")
        }
        return redrive
    }

    /// Brings the next thousand back.
    private func exhume(
        after id: Int64, _ filter: DeadLetterFilter, tenant: Int64?
    ) async throws(JobQueueError) -> Exhumation {
        try await transaction { connection in
            let rows = try await connection.query(
                Statement.exhume,
                [
                    id, filter.job ?? .max, tenant, filter.stage, filter.reason, Self.exhumedTogether, now?(),
                ])
            var exhumation = Exhumation()
            for row in rows { try exhumation.add(row) }
            guard !exhumation.old.isEmpty else { return exhumation }
            let ids = try await connection.query(Statement.enqueue, exhumation.columns + [now?(), exhumation.lanes])
            for (old, row) in zip(exhumation.old, ids) { exhumation.jobs[old] = try row.decode(Int64.self) }
            return exhumation
        }
    }
}

/// Rows of exhume.sql, as columns for enqueue.sql. Their payloads go back as they are, also those that nobody can read.
private struct Exhumation: Sendable {
    /// The last id that was looked at.
    private(set) var last: Int64?
    private(set) var stale: [Int64] = []
    private(set) var old: [Int64] = []
    private(set) var lanes: [Int64] = []
    var jobs: [Int64: Int64] = [:]
    private var stages: [String] = []
    private var tenants: [Int64] = []
    private var connections: [Int64] = []
    private var priorities: [Int16] = []
    private var validUntil: [Date?] = []
    private var maxAttempts: [Int16] = []
    private var payloads: [JSONText] = []

    mutating func add(_ row: PostgresRow) throws(PostgresError) {
        let id: Int64 = try row.decode("id")
        last = id
        guard let stage = try row.decode("stage", as: String?.self) else { return stale.append(id) }
        old.append(id)
        lanes.append(try row.decode("lane"))
        stages.append(stage)
        tenants.append(try row.decode("tenant_id"))
        connections.append(try row.decode("connection_id"))
        priorities.append(try row.decode("priority"))
        validUntil.append(try row.decode("valid_until"))
        maxAttempts.append(try row.decode("max_attempts"))
        payloads.append(try row.decode("payload"))
    }

    /// The first nine values of enqueue.sql.
    var columns: [any PostgresValue] {
        [
            stages, tenants, connections, [] as [String], priorities, [] as [Date?], validUntil, maxAttempts, payloads,
        ]
    }
}
