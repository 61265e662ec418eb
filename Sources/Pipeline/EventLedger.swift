import CRM
import Cryptography
import Failpoints
import Foundation
import JSON
import JobQueue
import Outcomes
import PostgresClient

/// Commits what came of an event, together with the end of its job.
struct EventLedger: Sendable {
    private static let ignoreEvent = SQL(PackageResources.ignore_event_sql)
    private static let storeDerivedEvents = SQL(PackageResources.store_derived_events_sql)

    let pool: PostgresPool
    let queue: JobQueue
    let leads: LeadStore
    let outcomes: OutcomeRecorder
    /// Hides the keys of erased leads.
    let erasureKey: Data

    /// Nothing came of it; the reason is kept.
    func ignore(_ stored: StoredEvent, _ reason: String, _ job: Job) async throws {
        try await conclude(job) { transaction in
            transaction.send(Self.ignoreEvent, [stored.id, reason])
            return []
        }
    }

    /// Another event asks for the job's message by now, and is named with the event that the job stood for.
    func supersede(_ job: Job) async throws {
        try await conclude(job, outcome: .superseded) { _ in [] }
    }

    /// The event concerns these people: it goes on once for each, in that person's lane.
    func replace(_ stored: StoredEvent, with events: [CRMEvent], _ job: Job) async throws {
        guard !events.isEmpty else { return try await ignore(stored, "it concerns nobody", job) }
        let bodies = events.map(\.storedText)
        try await conclude(job) { transaction in
            let rows = try await transaction.query(
                Self.storeDerivedEvents,
                [
                    stored.id, events.map { "\($0.dedupeKey)#\($0.lead?.key ?? "")" }, events.map(\.kind.rawValue),
                    events.map(\.objectType), events.map(\.objectID), events.map { $0.lead?.key },
                    events.map(\.occurredAt), bodies,
                ])
            return try rows.map { row in
                let (id, lead) = try row.decode(Int64.self, String?.self)
                return NewJob(
                    stage: Stage.understand.rawValue, tenantID: stored.tenantID, connectionID: stored.connectionID,
                    lane: Lane.name(connection: stored.connectionID, object: lead ?? ""),
                    payload: EventPayload(event: id).json)
            }
        }
    }

    /// The lead did something. If it opted out, nothing more is written to it.
    func recordOutcome(_ stored: StoredEvent, _ event: CRMEvent, optsOut: Bool, _ job: Job) async throws {
        guard let identity = event.lead else { return try await ignore(stored, "it concerns nobody", job) }
        try await conclude(job) { transaction in
            let lead = try await leads.upsert(
                identity, tenant: stored.tenantID, connection: stored.connectionID, fields: event.fields,
                optedOutAt: optsOut ? event.occurredAt : nil, in: transaction)
            _ = try await outcomes.record(
                event, eventID: stored.id, tenantID: stored.tenantID, leadID: lead.id, in: transaction)
            return []
        }
    }

    /// The person is to be forgotten.
    func forget(_ stored: StoredEvent, _ event: CRMEvent, _ job: Job) async throws {
        guard let identity = event.lead else { return try await ignore(stored, "it concerns nobody", job) }
        try await conclude(job) { transaction in
            let lead = try await leads.upsert(
                identity, tenant: stored.tenantID, connection: stored.connectionID, in: transaction)
            leads.erase(lead.id, hash: hash(identity), event: stored.id, in: transaction)
            return []
        }
    }

    /// Records became one: the others point to the survivor.
    func merge(_ stored: StoredEvent, _ event: CRMEvent, gone: [String], _ job: Job) async throws {
        guard let survivor = event.lead else { return try await ignore(stored, "it concerns nobody", job) }
        try await conclude(job) { transaction in
            let kept = try await leads.upsert(
                survivor, tenant: stored.tenantID, connection: stored.connectionID, in: transaction)
            for id in gone where id != survivor.objectID {
                let identity = LeadIdentity(
                    system: survivor.system, account: survivor.account, objectType: survivor.objectType, objectID: id)
                let lead = try await leads.upsert(
                    identity, tenant: stored.tenantID, connection: stored.connectionID, in: transaction)
                leads.merge(lead.id, into: kept.id, in: transaction)
            }
            return []
        }
    }

    /// Commits what came of a job's event, the end of the job and the jobs with which it goes on: all or nothing. Undone by a
    /// crash, it is done again, for the event is on the disk.
    private func conclude(
        _ job: Job, outcome: JobOutcome = .done,
        _ body: @Sendable (PostgresConnection) async throws -> [NewJob]
    ) async throws {
        try await pool.transaction(commit: .deferred) { transaction in
            let next = try await body(transaction)
            try await queue.finish(job, in: transaction, outcome: outcome)
            queue.enqueue(next, in: transaction)
            Failpoint.reach(.understandConcluding)
        }
        Failpoint.reach(.understandConcluded)
    }

    /// What is known of some leads, by key, and which of them were erased before.
    func lookUp(
        _ leads: Set<LeadIdentity>, connection: Int64
    ) async throws -> (known: [String: KnownLead], erased: Set<LeadIdentity>) {
        let hashes = Dictionary(uniqueKeysWithValues: leads.map { ($0, hash($0)) })
        let (known, erased) = try await self.leads.load(
            leads.map(\.key), hashes: Array(hashes.values), connection: connection)
        return (known, leads.filter { hashes[$0].map(erased.contains) ?? false })
    }

    private func hash(_ lead: LeadIdentity) -> Data {
        MessageAuthentication.hmacSHA256(Data(lead.key.utf8), key: erasureKey)
    }
}
