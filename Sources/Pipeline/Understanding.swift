import CRM
import Configuration
import Failpoints
import Foundation
import JobQueue
import Outcomes
import PostgresClient

/// The first stage: finds out what an event asks for, and commits that.
///
/// Jobs are taken a batch at a time, so that the leads of a connection are read in one call. Each job then has its
/// own transaction: what it decided and the end of the job stand or fall together.
struct Understanding: Sendable {
    let pool: PostgresPool
    let connectors: ConnectorDirectory
    let ledger: EventLedger
    let planning: Planning
    let settlement: Settlement

    /// An event with the job that asks about it.
    private struct Item {
        let job: Job
        let stored: StoredEvent
        let event: CRMEvent
        /// The message whose quiet period is over, if the job is its.
        let quiet: QuietMessage?
    }

    /// Performs claimed jobs; each is finished, set back or buried when this returns.
    @Sendable func run(_ jobs: [Job]) async {
        Failpoint.reach(.understandClaimed)
        for (connection, jobs) in Dictionary(grouping: jobs, by: \.connectionID) {
            do {
                try await understand(jobs, connection: connection)
            } catch {
                for job in jobs { await settlement.settle(job, after: error) }
            }
        }
    }

    private func understand(_ jobs: [Job], connection: Int64) async throws {
        let payloads = Dictionary(jobs.map { ($0.id, EventPayload($0)) }) { $1 }
        let stored = try await StoredEvent.load(payloads.values.compactMap(\.?.event), from: pool)
        let waiting = try await QuietMessage.waiting(payloads.values.compactMap(\.?.quiet), in: pool)
        let (known, erased) = try await ledger.lookUp(
            Set(stored.values.compactMap(\.event?.lead)), connection: connection)
        var due: [Item] = []
        for job in jobs {
            await settling(job) {
                guard let payload = payloads[job.id] ?? nil else {
                    throw PipelineError.foreignPayload
                }
                guard let row = stored[payload.event] else { throw PipelineError(.missing, "its event is gone") }
                if let quiet = payload.quiet, !waiting.contains(quiet) { return try await ledger.supersede(job) }
                guard let event = row.event else { return try await ledger.ignore(row, "erased", job) }
                let item = Item(job: job, stored: row, event: event, quiet: payload.quiet)
                if let lead = event.lead, erased.contains(lead) {
                    return try await ledger.ignore(row, "the lead was erased", job)
                }
                if try await isDue(item) { due.append(item) }
            }
        }
        due = try await withoutOwnWrites(due)
        guard !due.isEmpty else { return }
        let readings = try await read(due, known: known, connection: connection)
        Failpoint.reach(.understandRead)
        for item in due {
            await settling(item.job) { try await decide(item, readings) }
        }
    }

    /// A system that does not say who changed a record reports our writes like anybody's.
    private func withoutOwnWrites(_ items: [Item]) async throws -> [Item] {
        let suspects = items.filter { $0.event.kind == .leadUpdated }.compactMap(\.event.lead?.key)
        let writes = try await OwnWrite.recent(to: Array(Set(suspects)), in: pool)
        guard !writes.isEmpty else { return items }
        var others: [Item] = []
        for item in items {
            let isOurs = writes[item.event.lead?.key ?? ""]?.contains { $0.caused(item.event) } ?? false
            guard isOurs else {
                others.append(item)
                continue
            }
            await settling(item.job) { try await ledger.ignore(item.stored, "our own write, by its content", item.job) }
        }
        return others
    }

    /// Performs an event that needs no reading of its lead.
    ///
    /// - Returns: whether a message may be due, so that the lead is to be read.
    private func isDue(_ item: Item) async throws -> Bool {
        switch EventRoute(item.event) {
        case .decide:
            return true
        case .ignore(let reason):
            try await ledger.ignore(item.stored, reason, item.job)
        case .resolve:
            let connector = try await connectors.connector(for: item.stored.connectionID)
            try await ledger.replace(item.stored, with: connector.resolve(item.event), item.job)
        case .recordOutcome:
            try await ledger.recordOutcome(item.stored, item.event, optsOut: false, item.job)
        case .optOut:
            try await ledger.recordOutcome(item.stored, item.event, optsOut: true, item.job)
        case .forget:
            try await ledger.forget(item.stored, item.event, item.job)
        case .merge(let gone):
            try await ledger.merge(item.stored, item.event, gone: gone, item.job)
        }
        return false
    }

    /// Reads the leads of some events in one call, following merges.
    ///
    /// - Parameter known: what is known of them, by key.
    private func read(
        _ items: [Item], known: [String: KnownLead], connection: Int64
    ) async throws -> [LeadIdentity: LeadReading] {
        let connector = try await connectors.connector(for: connection)
        var fields: [LeadIdentity: [String: String]] = [:]
        for item in items {
            guard let lead = item.event.lead else { continue }
            fields[lead, default: known[lead.key]?.fields ?? [:]].merge(item.event.fields) { $1 }
        }
        return try await connector.readSurvivors(Array(fields.keys), known: fields)
    }

    private func decide(_ item: Item, _ readings: [LeadIdentity: LeadReading]) async throws {
        guard let lead = item.event.lead, case .found(let record) = readings[lead] ?? .gone else {
            return try await ledger.ignore(item.stored, "the record no longer exists", item.job)
        }
        try await planning.plan(for: item.stored, item.event, about: record, quiet: item.quiet, item.job)
    }

    /// Does something for one job; a failure is that job's alone.
    private func settling(_ job: Job, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            await settlement.settle(job, after: error)
        }
    }
}
