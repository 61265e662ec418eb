import CRM
import Foundation
import JSON
import Personalization
import PostgresClient

/// A row of `generations` with its lead as we know it now.
struct StoredGeneration: Sendable {
    private static let loadGenerations = SQL(PackageResources.load_generations_sql)

    let id: UUID
    let tenantID: Int64
    let connectionID: Int64
    let leadID: Int64
    let eventID: Int64
    let playbook: String
    let playbookVersion: Int
    let kind: String
    let stage: FunnelStage
    let arm: Arm
    let seed: Int64
    let state: String
    /// The lead as read when the message was decided on; `nil` once erased.
    let record: LeadRecord?
    /// The text's parts, once generated.
    let content: [String: String]?
    let generatedAt: Date?
    let validUntil: Date?
    let leadKey: String
    let leadFields: [String: String]
    let optedOutAt: Date?
    let erasedAt: Date?

    /// The intent to write a text that was just made.
    func intent(to target: String, record: LeadRecord, content: [String: String], generatedAt: Date) -> WriteIntent {
        WriteIntent(
            id: id.uuidString.lowercased(), lead: record.identity, target: target, content: content, kind: kind,
            stage: stage, generatedAt: generatedAt, email: record.fields["email"])
    }

    /// The intent to write the text that was stored; `nil` before there is one, or after it was erased.
    func storedIntent(to target: String) -> WriteIntent? {
        guard let record, let content, let generatedAt else { return nil }
        return intent(to: target, record: record, content: content, generatedAt: generatedAt)
    }

    /// Loads generations by id. Those that do not exist are missing.
    static func load(_ ids: [UUID], from pool: PostgresPool) async throws -> [UUID: StoredGeneration] {
        try byID(await pool.query(loadGenerations, [ids]))
    }

    /// The statement by which ``load(_:from:)`` does so, to be sent with others.
    static func loading(_ ids: [UUID]) -> BoundStatement { BoundStatement(loadGenerations, [ids]) }

    /// Reads its answer.
    static func byID(_ rows: [PostgresRow]) throws -> [UUID: StoredGeneration] {
        var loaded: [UUID: StoredGeneration] = [:]
        for row in rows {
            let generation = try StoredGeneration(row)
            loaded[generation.id] = generation
        }
        return loaded
    }

    private init(_ row: PostgresRow) throws {
        (id, tenantID, connectionID, leadID, eventID) = try (
            row.decode("id"), row.decode("tenant_id"), row.decode("connection_id"), row.decode("lead_id"),
            row.decode("event_id")
        )
        (playbook, playbookVersion, kind, seed, state) = try (
            row.decode("playbook"), Int(row.decode("playbook_version", as: Int32.self)), row.decode("kind"),
            row.decode("seed"), row.decode("state")
        )
        guard let stage = try FunnelStage(rawValue: row.decode("stage")),
            let arm = try Arm(rawValue: row.decode("arm"))
        else {
            throw PipelineError(.malformedJob, "generation \(id) has a stage or arm that this version does not know")
        }
        self.stage = stage
        self.arm = arm
        record = try? JSONDecoder().decode(LeadRecord.self, from: Data(row.decode("record", as: String.self).utf8))
        content = try row.decode("content", as: String?.self).flatMap { try? JSONValue(parsing: $0) }?
            .object?.compactMapValues(\.string)
        (generatedAt, validUntil, leadKey) = try (
            row.decode("generated_at"), row.decode("valid_until"), row.decode("key")
        )
        leadFields =
            try JSONValue(parsing: row.decode("fields", as: String.self)).object?
            .compactMapValues(\.scalarText) ?? [:]
        (optedOutAt, erasedAt) = try (row.decode("opted_out_at"), row.decode("erased_at"))
    }
}
