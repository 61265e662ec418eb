import CRM
import Configuration
import Cryptography
import Failpoints
import Foundation
import JSON
import JobQueue
import LanguageModel
import Personalization
import PostgresClient

/// The second stage: makes the text of a planned generation and commits it with the intent to write it.
struct Generating: Sendable {
    private static let storeGeneration = SQL(PackageResources.store_generation_sql)
    private static let setState = SQL(PackageResources.set_generation_state_sql)

    let pool: PostgresPool
    let queue: JobQueue
    let configuration: ConfigurationStore
    let outbox: Outbox
    let model: any LanguageModel
    let settlement: Settlement
    let now: @Sendable () -> Date

    /// Performs claimed jobs side by side; each is finished, set back or buried when this returns.
    @Sendable func run(_ jobs: [Job]) async {
        Failpoint.reach(.generateClaimed)
        await withTaskGroup(of: Void.self) { group in
            for job in jobs {
                group.addTask {
                    do {
                        try await perform(job)
                    } catch {
                        await settlement.settle(job, after: error)
                    }
                }
            }
        }
    }

    private func perform(_ job: Job) async throws {
        guard let id = GenerationPayload(job)?.generation else {
            throw PipelineError.foreignPayload
        }
        guard let generation = try await StoredGeneration.load([id], from: pool)[id]
        else { throw PipelineError(.missing, "its generation is gone") }
        if generation.erasedAt != nil { return try await suppress(generation, .gone, "erased", job) }
        if generation.optedOutAt != nil { return try await suppress(generation, .optedOut, "an event said so", job) }
        guard let record = generation.record else {
            throw PipelineError(.malformedJob, "the lead's record in generation \(id) cannot be read")
        }
        guard let tenant = try await configuration.tenant(id: generation.tenantID) else {
            throw PipelineError(.withdrawn, "tenant \(generation.tenantID) is no longer declared")
        }
        guard
            let playbook = try await configuration.playbook(
                tenantID: generation.tenantID, named: generation.playbook, version: generation.playbookVersion)?
                .playbook
        else { throw PipelineError(.missing, "playbook \(generation.playbook) is no longer declared") }
        let composer = try Composer(playbook: playbook, voices: tenant.voices, record: record)
        let text = try await GeneratedText(
            composer, tenant: generation.tenantID, arm: generation.arm,
            seed: UInt64(bitPattern: generation.seed), model: model)
        let intent = generation.intent(
            to: playbook.target, record: record, content: text.message.content, generatedAt: now())
        try await store(text, intent, generation, job)
    }

    private func store(
        _ text: GeneratedText, _ intent: WriteIntent, _ generation: StoredGeneration, _ job: Job
    ) async throws {
        let content = JSONValue.object(intent.content.mapValues { .string($0) }).canonicalText
        let slots = String(decoding: try JSONEncoder().encode(text.message.slots), as: UTF8.self)
        let output = text.output
        let next = NewJob(
            stage: Stage.write.rawValue, tenantID: job.tenantID, connectionID: job.connectionID,
            lane: Lane.name(connection: job.connectionID, object: generation.leadKey),
            payload: GenerationPayload(generation: generation.id).json)
        // Undone by a crash, it is done again: nothing is written before Outbox.begin, whose commit waits for the disk.
        try await pool.transaction(commit: .deferred) { transaction in
            transaction.send(
                Self.storeGeneration,
                [
                    generation.id, JSONText(content), output?.prompt,
                    output.map { Hash.sha256(Data($0.prompt.utf8)).hexadecimal }, text.model?.name,
                    text.model?.sha256, JSONText(slots), Int32(output?.promptTokens ?? 0),
                    Int32(output?.cachedTokens ?? 0), Int32(output?.generatedTokens ?? 0),
                    Int32(text.duration / .milliseconds(1)), intent.generatedAt,
                ])
            outbox.intend(intent, connection: generation.connectionID, generation: generation.id, in: transaction)
            Failpoint.reach(.generateIntended)
            try await queue.finish(job, in: transaction)
            queue.enqueue([next], in: transaction)
            Failpoint.reach(.generateCommitting)
        }
        Failpoint.reach(.generateCommitted)
    }

    private func suppress(
        _ generation: StoredGeneration, _ reason: SuppressionReason, _ detail: String, _ job: Job
    ) async throws {
        try await pool.transaction { transaction in
            transaction.send(Self.setState, [generation.id, "suppressed"])
            Suppression(of: generation, reason, detail, at: .generate).record(in: transaction)
            try await queue.finish(job, in: transaction)
        }
    }
}
