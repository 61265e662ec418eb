public import CRM
public import Foundation
public import PostgresClient

/// Stores what leads did, and what that says about the messages they had.
public struct OutcomeRecorder: Sendable {
    /// Creates a recorder.
    public init() {}

    /// Stores an outcome in the caller's transaction: attributes it, and derives or updates the message's training
    /// example. Doing it again with the same event changes nothing.
    ///
    /// An example is made for texts of the treatment arm to which the model contributed at least one slot. The
    /// baseline arm's text and a text of defaults only are the tenant's own, and say nothing about the model. Whether
    /// the lead still consents is asked when a data set is exported, because that may change after the outcome.
    ///
    /// - Parameters:
    ///   - event: The event; anything that is no outcome is left alone.
    ///   - eventID: The event's row.
    ///   - leadID: The lead's row; for a merged lead the one it was merged into.
    /// - Returns: what was stored, or `nil` when the event is no outcome.
    /// - Throws: `PostgresError`.
    public func record(
        _ event: CRMEvent, eventID: Int64, tenantID: Int64, leadID: Int64, in connection: PostgresConnection
    ) async throws -> RecordedOutcome? {
        guard event.kind.isOutcome, !event.causedByUs else { return nil }
        let found = Attribution.generation(
            for: event.kind, at: event.occurredAt,
            among: try await generations(of: leadID, before: event.occurredAt, in: connection))
        let inserted = try await connection.query(
            SQL(PackageResources.insert_outcome_sql),
            [
                tenantID, leadID, eventID, event.kind.rawValue, event.occurredAt, found?.id,
                found == nil ? String?.none : Attribution.rule,
            ])
        guard !inserted.isEmpty else { return RecordedOutcome(isNew: false, generation: found?.id, verdict: nil) }
        guard let found, let verdict = try await verdict(on: found.id, in: connection) else {
            return RecordedOutcome(isNew: true, generation: found?.id, verdict: nil)
        }
        let changed = try await connection.execute(
            SQL(PackageResources.upsert_example_sql),
            [found.id, verdict.label, verdict.reward, verdict.decidedBy.rawValue])
        return RecordedOutcome(isNew: true, generation: found.id, verdict: changed > 0 ? verdict : nil)
    }

    private func generations(
        of leadID: Int64, before moment: Date, in connection: PostgresConnection
    ) async throws -> [WrittenGeneration] {
        let latest = moment.addingTimeInterval(Attribution.clockTolerance)
        return try await connection.query(SQL(PackageResources.written_generations_sql), [leadID, latest]).map { row in
            let (id, generatedAt, writtenAt) = try row.decode(UUID.self, Date.self, Date.self)
            return WrittenGeneration(id: id, generatedAt: generatedAt, writtenAt: writtenAt)
        }
    }

    /// The verdict of everything known about a generation by now.
    private func verdict(on generation: UUID, in connection: PostgresConnection) async throws -> Verdict? {
        let rows = try await connection.query(SQL(PackageResources.outcome_kinds_sql), [generation])
        return Verdict(of: try rows.compactMap { EventKind(rawValue: try $0.decode(String.self)) })
    }
}

/// What storing an outcome did.
public struct RecordedOutcome: Sendable, Hashable {
    /// Whether the event was not stored before.
    public let isNew: Bool
    /// The message that the outcome is put down to.
    public let generation: UUID?
    /// The verdict, if this outcome made or changed a training example.
    public let verdict: Verdict?

    /// Creates a result.
    public init(isNew: Bool, generation: UUID?, verdict: Verdict?) {
        self.isNew = isNew
        self.generation = generation
        self.verdict = verdict
    }
}
