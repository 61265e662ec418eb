import CRM
import Failpoints
import Foundation
import JobQueue
import Personalization
import PostgresClient

/// The statements of the write-back outbox. Each settles an intent and finishes its job in one transaction.
struct Outbox: Sendable {
    private static let intendWrite = SQL(PackageResources.intend_write_sql)
    private static let loadWrites = SQL(PackageResources.load_writes_sql)
    private static let beginWrites = SQL(PackageResources.begin_writes_sql)
    private static let settleWrite = SQL(PackageResources.settle_write_sql)

    let pool: PostgresPool
    let queue: JobQueue

    /// Commits the intent to write with the text that it writes.
    func intend(
        _ intent: WriteIntent, connection: Int64, generation: UUID, in transaction: PostgresConnection
    ) {
        transaction.send(Self.intendWrite, [generation, intent.target, connection, intent.fingerprint])
    }

    /// What some jobs are to write.
    ///
    /// - Returns: the writes, and the jobs whose generation no longer exists. Jobs of erased leads are dropped here.
    func load(_ jobs: [Job]) async throws -> (writes: [PendingWrite], orphans: [Job]) {
        let ids = jobs.compactMap(GenerationPayload.init).map(\.generation)
        let answers = try await pool.query([
            StoredGeneration.loading(ids), BoundStatement(Self.loadWrites, [ids]),
        ])
        let generations = try StoredGeneration.byID(answers[0])
        var targets: [UUID: (name: String, attempts: Int)] = [:]
        for row in answers[1] {
            let (id, target, attempts) = try row.decode(UUID.self, String.self, Int16.self)
            targets[id] = (target, Int(attempts))
        }
        var writes: [PendingWrite] = []
        var orphans: [Job] = []
        for job in jobs {
            let generation = GenerationPayload(job).flatMap { generations[$0.generation] }
            if let generation, generation.erasedAt != nil {
                try await drop(job, generation.id, targets[generation.id]?.name, "the lead was erased")
            } else if let generation, let target = targets[generation.id],
                let intent = generation.storedIntent(to: target.name)
            {
                writes.append(PendingWrite(job: job, generation: generation, intent: intent, attempts: target.attempts))
            } else {
                orphans.append(job)
            }
        }
        return (writes, orphans)
    }

    /// Counts an attempt at each before any call is made.
    func begin(_ writes: [PendingWrite]) async throws -> [PendingWrite] {
        guard !writes.isEmpty else { return [] }
        var attempts: [UUID: Int] = [:]
        for row in try await pool.query(Self.beginWrites, [writes.map(\.generation.id)]) {
            let (id, count) = try row.decode(UUID.self, Int16.self)
            attempts[id] = Int(count)
        }
        return writes.map { write in
            var write = write
            write.attempts = attempts[write.generation.id] ?? 1
            return write
        }
    }

    /// The write is proven; its job is done.
    func finish(_ write: PendingWrite) async throws {
        try await settle(write, "proven", reason: nil) { connection in
            try await queue.finish(write.job, in: connection)
        }
    }

    /// The write is not to happen; its job is done and says why.
    func suppress(_ write: PendingWrite, _ reason: SuppressionReason, _ detail: String) async throws {
        let generation = write.generation
        try await settle(write, "suppressed", reason: "\(reason.rawValue): \(detail)") { connection in
            Suppression(of: generation, reason, detail, at: .write).record(in: connection)
            try await queue.finish(write.job, in: connection)
        }
    }

    /// The CRM will never take it. The job is left to be buried.
    func refuse(_ write: PendingWrite, _ reason: String) async throws {
        try await settle(write, "refused", reason: reason) { _ in }
    }

    private func drop(_ job: Job, _ generation: UUID, _ target: String?, _ reason: String) async throws {
        try await pool.transaction { connection in
            connection.send(
                Self.settleWrite, [generation, target, "suppressed", String?.none, String?.none, reason])
            try await queue.finish(job, in: connection, outcome: .dropped(reason: reason))
        }
    }

    private func settle(
        _ write: PendingWrite, _ state: String, reason: String?,
        and effect: @escaping @Sendable (PostgresConnection) async throws -> Void
    ) async throws {
        try await pool.transaction { connection in
            connection.send(
                Self.settleWrite,
                [write.generation.id, write.intent.target, state, write.location, write.receipt, reason])
            try await effect(connection)
            Failpoint.reach(.writeCommitting)
        }
        Failpoint.reach(.writeCommitted)
    }
}
