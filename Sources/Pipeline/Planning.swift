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
    private static let planGeneration = SQL(PackageResources.plan_generation_sql)
    private static let ignoreEvent = SQL(PackageResources.ignore_event_sql)

    let pool: PostgresPool
    let queue: JobQueue
    let configuration: ConfigurationStore
    let leads: LeadStore
    /// Decides the arms; nobody without it can tell or choose them.
    let assignmentKey: Data
    /// `nil` for the database's own clock.
    let now: (@Sendable () -> Date)?

    /// Plans for one event about a lead as it stands now.
    ///
    /// - Parameter quiet: the message whose quiet period is over; nothing else is planned then.
    func plan(
        for stored: StoredEvent, _ event: CRMEvent, about record: LeadRecord, quiet: QuietMessage?, _ job: Job
    ) async throws {
        guard let tenant = try await configuration.tenant(id: stored.tenantID) else {
            throw PipelineError(.withdrawn, "tenant \(stored.tenantID) is no longer declared")
        }
        let playbooks = try await configuration.playbooks(tenantID: stored.tenantID)
            .filter { quiet == nil || $0.playbook.name == quiet?.playbook }
        let selection = PlaybookSelection(of: playbooks, for: event, about: record)
        // Undone by a crash, it is done again: the event is on the disk, and nothing was called yet.
        try await pool.transaction(commit: .deferred) { transaction in
            let lead = try await leads.upsert(
                record.identity, tenant: stored.tenantID, connection: stored.connectionID, fields: event.fields,
                stage: .some(record.stage), in: transaction)
            if let quiet, try await !quiet.take(in: transaction) {
                return try await queue.finish(job, in: transaction, outcome: .superseded)
            }
            try await queue.finish(job, in: transaction)
            guard lead.erasedAt == nil else {
                transaction.send(Self.ignoreEvent, [stored.id, "the lead was erased"])
                return
            }
            switch selection {
            case .none(let reason):
                transaction.send(Self.ignoreEvent, [stored.id, reason])
            case .selected(let playbooks):
                for playbook in playbooks {
                    let due = DueMessage(
                        playbook: playbook, stored: stored, event: event, record: record, lead: lead)
                    if quiet == nil, playbook.playbook.quietPeriod > 0 {
                        try await wait(due, in: transaction)
                    } else {
                        try await commit(due, tenant: tenant, in: transaction)
                    }
                }
            }
            Failpoint.reach(.understandCommitting)
        }
        Failpoint.reach(.understandCommitted)
    }

    /// A message that an event may make due.
    private struct DueMessage {
        let playbook: VersionedPlaybook
        let stored: StoredEvent
        let event: CRMEvent
        let record: LeadRecord
        let lead: KnownLead
    }

    /// Lets the message wait for its lead to be quiet. The job that looks again has a lane of its own: in the lead's it
    /// would hold up the very changes that it waits for, and an opt-out.
    private func wait(_ due: DueMessage, in transaction: PostgresConnection) async throws {
        let playbook = due.playbook.playbook
        let message = QuietMessage(lead: due.lead.id, playbook: playbook.name, event: due.stored.id)
        let wait = try await message.wait(seconds: playbook.quietPeriod, now: now?(), in: transaction)
        if let superseded = wait.superseded {
            // The newest of the two stands for both.
            let newer = wait.dueAt == nil ? "a newer event" : "event \(due.stored.id)"
            transaction.send(Self.ignoreEvent, [superseded, message.supersession(by: newer)])
        }
        guard let dueAt = wait.dueAt else { return }
        let job = NewJob(
            stage: Stage.understand.rawValue, tenantID: due.stored.tenantID, connectionID: due.stored.connectionID,
            lane: QuietMessage.lane(
                connection: due.stored.connectionID, lead: due.record.identity.key, playbook: playbook.name),
            runAt: dueAt, payload: EventPayload(quiet: message).json)
        queue.enqueue([job], in: transaction)
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
            Suppression(
                tenantID: due.stored.tenantID, leadID: due.lead.id, eventID: due.stored.id,
                playbook: due.playbook.playbook.name, reason, detail, at: .understand
            ).record(in: transaction)
        case .ignore(let reason):
            transaction.send(Self.ignoreEvent, [due.stored.id, reason])
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
        let record = String(decoding: try JSONEncoder().encode(due.record), as: UTF8.self)
        let seed = Int64.random(in: 0...Int64.max)
        let rows = try await transaction.query(
            Self.planGeneration,
            [
                due.stored.tenantID, due.stored.connectionID, due.lead.id, due.stored.id, playbook.name,
                Int32(plan.playbook.version), playbook.content, plan.stage.rawValue, plan.arm.rawValue, seed,
                JSONText(record), plan.validUntil, due.event.occurredAt,
            ])
        guard let (isMade, planned) = try rows.first?.decode(Bool.self, UUID?.self) else { return }
        if isMade {
            transaction.send(
                Self.ignoreEvent, [due.stored.id, "the message for this stage was made after it happened"])
            return
        }
        // Planned before, by an attempt whose job was claimed again: that plan goes on.
        guard let id = planned else { return }
        let job = NewJob(
            stage: Stage.generate.rawValue, tenantID: due.stored.tenantID, connectionID: due.stored.connectionID,
            lane: Lane.name(connection: due.stored.connectionID, object: due.record.identity.key),
            validUntil: plan.validUntil, payload: GenerationPayload(generation: id).json)
        queue.enqueue([job], in: transaction)
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

extension JobOutcome {
    /// Of the job of a message that another event asks for by now.
    static let superseded = JobOutcome.dropped(reason: "a newer event came within the quiet period")
}
