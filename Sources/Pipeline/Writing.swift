import CRM
import Failpoints
import Foundation
import JobQueue
import Personalization
import PostgresClient

/// The third stage: puts texts into their CRM, a batch for each connection, and proves that they stand there.
///
/// The intent was committed with the text. Before the call an attempt is counted, so that whoever comes after a crash
/// knows that the call may have been made, and looks before making it again.
struct Writing: Sendable {
    let outbox: Outbox
    let leads: LeadStore
    let connectors: ConnectorDirectory
    let settlement: Settlement
    let now: @Sendable () -> Date

    /// Performs claimed jobs; each is finished, set back or buried when this returns.
    @Sendable func run(_ jobs: [Job]) async {
        Failpoint.reach(.writeClaimed)
        for (connection, jobs) in Dictionary(grouping: jobs, by: \.connectionID) {
            do {
                let (pending, orphans) = try await outbox.load(jobs)
                for job in orphans {
                    await settlement.settle(
                        job,
                        after: GenerationPayload(job) == nil
                            ? .foreignPayload
                            : PipelineError(.missing, "its generation is gone"))
                }
                await write(pending, connection: connection)
            } catch {
                for job in jobs { await settlement.settle(job, after: error) }
            }
        }
    }

    private func write(_ writes: [PendingWrite], connection: Int64) async {
        var pending = writes
        do {
            try await write(&pending, through: connectors.connector(for: connection))
        } catch {
            for write in pending { await settlement.settle(write.job, after: error) }
        }
    }

    /// Takes each write out of `pending` once it is settled; whatever is left when this throws shares the error.
    private func write(_ pending: inout [PendingWrite], through connector: any Connector) async throws {
        pending = try await fresh(pending)
        guard !pending.isEmpty else { return }
        pending = try await wanted(pending, connector)
        pending = try await outbox.begin(pending)
        Failpoint.reach(.writeCounted)
        let tried = pending.filter { $0.attempts > 1 }
        let unproven = try await finishProven(tried, connector, acceptingReceipts: false)
        pending = pending.filter { $0.attempts <= 1 } + unproven
        guard !pending.isEmpty else { return }

        Failpoint.reach(.writeCalling)
        var written: [PendingWrite] = []
        var lost: [(write: PendingWrite, error: CRMError)] = []
        for (write, outcome) in zip(pending, try await connector.write(pending.map(\.intent))) {
            Failpoint.reach(.writeAnswered)
            switch outcome {
            case .written(let location, let receipt): written.append(write.located(location, receipt: receipt))
            case .failed(let error) where error.code == .notFound: lost.append((write, error))
            case .failed(let error): try await refuse(write, error)
            }
        }
        pending = written + lost.map(\.write)
        try await follow(lost, connector)
        pending = try await finishProven(written, connector, acceptingReceipts: true)
        guard pending.isEmpty else {
            throw CRMError(.malformedAnswer, "the write was accepted, and reading it back does not find it")
        }
    }

    /// A connection may have rested for longer than a text is worth writing.
    private func fresh(_ writes: [PendingWrite]) async throws -> [PendingWrite] {
        for write in writes where write.isStale(at: now()) {
            try await outbox.suppress(write, .stale, "it could not be written in time")
        }
        return writes.filter { !$0.isStale(at: now()) }
    }

    /// Reads the leads once more: an opt-out since the text was made stops it here, and a merge sends it to the
    /// survivor, whose own consent counts then.
    private func wanted(_ writes: [PendingWrite], _ connector: any Connector) async throws -> [PendingWrite] {
        let known = Dictionary(writes.map { ($0.intent.lead, $0.generation.leadFields) }) { first, _ in first }
        let readings = try await connector.readSurvivors(Array(known.keys), known: known)
        let survivors = try await leads.load(readings.values.compactMap(\.record?.identity.key))
        var wanted: [PendingWrite] = []
        for write in writes {
            let reading = readings[write.intent.lead] ?? .gone
            let survivor = reading.record.flatMap { survivors[$0.identity.key] }
            switch write.permission(reading, survivor: survivor) {
            case .granted(let lead): wanted.append(write.addressed(to: lead))
            case .denied(let reason, let detail): try await outbox.suppress(write, reason, detail)
            }
        }
        return wanted
    }

    /// Records that were there a moment ago. Where one was merged meanwhile, its write goes to the survivor at once and
    /// without counting an attempt; where it is gone, nobody is left to write to; else something else is missing.
    private func follow(
        _ lost: [(write: PendingWrite, error: CRMError)], _ connector: any Connector
    ) async throws {
        guard !lost.isEmpty else { return }
        let known = Dictionary(lost.map { ($0.write.intent.lead, $0.write.generation.leadFields) }) { $1 }
        let readings = try await connector.readSurvivors(Array(known.keys), known: known)
        for (write, error) in lost {
            switch readings[write.intent.lead]?.record {
            case nil: try await outbox.suppress(write, .gone, "the record no longer exists")
            case let record? where record.identity != write.intent.lead:
                await settlement.settle(write.job, after: error.waiting(.zero))
            case _?: try await refuse(write, error)
            }
        }
    }

    /// Reads writes back and finishes those that stand in the CRM. Where nothing can be read, the receipt of a call
    /// just made is all the proof there is.
    ///
    /// - Returns: those that do not stand there.
    private func finishProven(
        _ writes: [PendingWrite], _ connector: any Connector, acceptingReceipts: Bool
    ) async throws -> [PendingWrite] {
        guard !writes.isEmpty else { return [] }
        var unproven: [PendingWrite] = []
        for (write, found) in zip(writes, try await connector.readBack(writes.map(\.intent))) {
            Failpoint.reach(.writeReadBack)
            switch found {
            case .present(let location): try await outbox.finish(write.located(location, receipt: write.receipt))
            case .unsupported where acceptingReceipts: try await outbox.finish(write)
            case .absent, .different, .unsupported: unproven.append(write)
            }
        }
        return unproven
    }

    private func refuse(_ write: PendingWrite, _ error: CRMError) async throws {
        if error.remedy == .giveUp { try await outbox.refuse(write, error.description) }
        await settlement.settle(write.job, after: error)
    }
}

extension LeadReading {
    /// The record, where there is one.
    fileprivate var record: LeadRecord? {
        if case .found(let record) = self { record } else { nil }
    }
}
