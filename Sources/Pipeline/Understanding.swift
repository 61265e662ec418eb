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
    let leads: LeadStore
    let ledger: EventLedger
    let planning: Planning
    let settlement: Settlement

    /// An event with the job that asks about it.
    private struct Item {
        let job: Job
        let stored: StoredEvent
        let event: CRMEvent
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
        let stored = try await StoredEvent.load(jobs.compactMap(EventPayload.init).map(\.event), from: pool)
        var due: [Item] = []
        for job in jobs {
            await settling(job) {
                guard let id = EventPayload(job)?.event, let row = stored[id] else {
                    throw PipelineError(.missing, "its event is gone")
                }
                guard let event = row.event else { return try await ledger.ignore(row, "erased", job) }
                let item = Item(job: job, stored: row, event: event)
                if try await isDue(item) { due.append(item) }
            }
        }
        guard !due.isEmpty else { return }
        let readings = try await read(due, connection: connection)
        Failpoint.reach(.understandRead)
        for item in due {
            await settling(item.job) { try await decide(item, readings) }
        }
    }

    /// Performs an event that needs no reading of its lead.
    ///
    /// - Returns: whether a message may be due, so that the lead is to be read.
    private func isDue(_ item: Item) async throws -> Bool {
        if let lead = item.event.lead, try await ledger.wasErased(lead, connection: item.stored.connectionID) {
            try await ledger.ignore(item.stored, "the lead was erased", item.job)
            return false
        }
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

    /// Reads the leads of some events in one call, following merges once.
    private func read(_ items: [Item], connection: Int64) async throws -> [LeadIdentity: LeadReading] {
        let connector = try await connectors.connector(for: connection)
        let identities = Array(Set(items.compactMap(\.event.lead)))
        let stored = try await leads.load(identities.map(\.key))
        var known: [LeadIdentity: [String: String]] = [:]
        for identity in identities { known[identity] = stored[identity.key]?.fields ?? [:] }
        for item in items {
            guard let lead = item.event.lead else { continue }
            known[lead, default: [:]].merge(item.event.fields) { $1 }
        }
        var readings = try await connector.read(identities, known: known)
        var survivors: [LeadIdentity: LeadIdentity] = [:]
        for case (let identity, .merged(let survivor)) in readings { survivors[identity] = survivor }
        if !survivors.isEmpty {
            let found = try await connector.read(Array(Set(survivors.values)), known: known)
            for (identity, survivor) in survivors { readings[identity] = found[survivor] ?? .gone }
        }
        return readings
    }

    private func decide(_ item: Item, _ readings: [LeadIdentity: LeadReading]) async throws {
        guard let lead = item.event.lead, case .found(let record) = readings[lead] ?? .gone else {
            return try await ledger.ignore(item.stored, "the record no longer exists", item.job)
        }
        try await planning.plan(for: item.stored, item.event, about: record, item.job)
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
