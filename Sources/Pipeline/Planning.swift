import CRM
import Configuration
import Failpoints
import Foundation
import JobQueue
import Personalization
import PostgresClient

/// Decides which messages an event makes due, and commits the plans with the jobs that carry them out.
struct Planning: Sendable {
    private static let assignArm = SQL(PackageResources.assign_arm_sql)
    private static let madeSince = SQL(PackageResources.made_since_sql)
    private static let planGeneration = SQL(PackageResources.plan_generation_sql)
    private static let ignoreEvent = SQL(PackageResources.ignore_event_sql)

    let pool: PostgresPool
    let queue: JobQueue
    let configuration: ConfigurationStore
    let leads: LeadStore
    /// Decides the arms; nobody without it can tell or choose them.
    let assignmentKey: Data

    /// Plans for one event about a lead as it stands now.
    func plan(for stored: StoredEvent, _ event: CRMEvent, about record: LeadRecord, _ job: Job) async throws {
        guard let tenant = try await configuration.tenant(id: stored.tenantID) else {
            throw PipelineError(.missing, "tenant \(stored.tenantID) is no longer declared")
        }
        let playbooks = try await configuration.playbooks(tenantID: stored.tenantID)
        let selection = PlaybookSelection(of: playbooks, for: event, about: record)
        try await pool.transaction { transaction in
            let lead = try await leads.upsert(
                record.identity, tenant: stored.tenantID, connection: stored.connectionID, fields: event.fields,
                in: transaction)
            try await leads.setStage(record.stage, of: lead.id, in: transaction)
            try await queue.finish(job, in: transaction)
            switch selection {
            case .none(let reason):
                try await transaction.execute(Self.ignoreEvent, [stored.id, reason])
            case .selected(let playbooks):
                for playbook in playbooks {
                    let due = DueMessage(
                        playbook: playbook, stored: stored, event: event, record: record, lead: lead)
                    try await commit(due, tenant: tenant, in: transaction)
                }
            }
            Failpoint.reach(.understandCommitting)
        }
        Failpoint.reach(.understandCommitted)
        await queue.wake()
    }

    /// A message that an event may make due.
    private struct DueMessage {
        let playbook: VersionedPlaybook
        let stored: StoredEvent
        let event: CRMEvent
        let record: LeadRecord
        let lead: KnownLead
    }

    private func commit(_ due: DueMessage, tenant: StoredTenant, in transaction: PostgresConnection) async throws {
        let drawn = due.playbook.playbook.experiment.map {
            Assignment.draw(
                tenant: tenant.name, experiment: $0, leadKey: due.record.identity.key, key: assignmentKey)
        }
        func decide(_ assignment: Assignment?) -> Decision {
            due.playbook.decide(
                on: due.event, about: due.record, voices: tenant.voices, optedOut: due.lead.optedOutAt != nil,
                assignment: assignment)
        }
        var decision = decide(drawn)
        // Only somebody who could get a message is part of the experiment, so the draw is stored now; an earlier
        // draw stands, whatever the shares are today.
        if let drawn, decision.drawsArm {
            decision = decide(try await store(drawn, due, in: transaction))
        }
        switch decision {
        case .generate(let plan):
            try await store(plan, due, in: transaction)
        case .suppress(let reason, let detail):
            try await Suppression(
                tenantID: due.stored.tenantID, leadID: due.lead.id, eventID: due.stored.id,
                playbook: due.playbook.playbook.name, reason, detail, at: .understand
            ).record(in: transaction)
        case .ignore(let reason):
            try await transaction.execute(Self.ignoreEvent, [due.stored.id, reason])
        }
    }

    private func store(
        _ drawn: Assignment, _ due: DueMessage, in transaction: PostgresConnection
    ) async throws -> Assignment {
        let rows = try await transaction.query(
            Self.assignArm,
            [due.stored.tenantID, drawn.experiment, due.lead.id, drawn.arm.rawValue, drawn.probability])
        guard let name = try rows.first?.decode(String.self), let arm = Arm(rawValue: name) else { return drawn }
        return Assignment(experiment: drawn.experiment, arm: arm, probability: drawn.probability)
    }

    private func store(_ plan: MessagePlan, _ due: DueMessage, in transaction: PostgresConnection) async throws {
        let playbook = plan.playbook.playbook
        let made = try await transaction.query(
            Self.madeSince, [due.lead.id, playbook.name, plan.stage.rawValue, due.event.occurredAt])
        if try made.first?.decode(Bool.self) == true {
            try await transaction.execute(
                Self.ignoreEvent, [due.stored.id, "the message for this stage was made after it happened"])
            return
        }
        let record = String(decoding: try JSONEncoder().encode(due.record), as: UTF8.self)
        let seed = Int64.random(in: 0...Int64.max)
        let rows = try await transaction.query(
            Self.planGeneration,
            [
                due.stored.tenantID, due.stored.connectionID, due.lead.id, due.stored.id, playbook.name,
                Int32(plan.playbook.version), playbook.content, plan.stage.rawValue, plan.arm.rawValue, seed,
                JSONText(record),
            ])
        // Planned before, by an attempt whose job was claimed again: that plan goes on.
        guard let id = try rows.first?.decode(UUID.self) else { return }
        let job = NewJob(
            stage: Stage.generate.rawValue, tenantID: due.stored.tenantID, connectionID: due.stored.connectionID,
            lane: Lane.name(connection: due.stored.connectionID, object: due.record.identity.key),
            validUntil: plan.validUntil, payload: GenerationPayload(generation: id).json)
        _ = try await queue.enqueue([job], in: transaction)
    }
}

extension Decision {
    /// Whether the answer rests on the lead's arm.
    fileprivate var drawsArm: Bool {
        switch self {
        case .generate, .suppress(.holdout, _): true
        case .suppress, .ignore: false
        }
    }
}
