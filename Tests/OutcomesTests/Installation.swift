import CRM
import Foundation
import Outcomes
import PostgresClient
import TestSupport

/// A database with one tenant, as far as outcomes need it.
struct Installation {
    let database: TestDatabase
    let tenant: Int64
    let connection: Int64
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    static func make() async throws -> Installation {
        let database = try await TestDatabase.make()
        let tenant = try await id(
            database, "INSERT INTO tenants (name, title) VALUES ('acme', 'Acme') RETURNING id", [])
        let connection = try await id(
            database,
            """
            INSERT INTO connections (tenant_id, name, system, account, settings)
            VALUES ($1, 'acme-hubspot', 'hubspot', '1', '{}') RETURNING id
            """, [tenant])
        return Installation(database: database, tenant: tenant, connection: connection)
    }

    static func id(_ database: TestDatabase, _ sql: SQL, _ values: [any PostgresValue]) async throws -> Int64 {
        guard let row = try await database.pool.query(sql, values).first else { throw CocoaError(.featureUnsupported) }
        return try row.decode(Int64.self)
    }

    func lead(_ key: String) async throws -> Int64 {
        try await Self.id(
            database,
            """
            INSERT INTO leads (tenant_id, connection_id, key, object_type, object_id)
            VALUES ($1, $2, $3, 'contact', $3) RETURNING id
            """, [tenant, connection, key])
    }

    /// A written generation; `event` must differ for each.
    func generation(
        lead: Int64, event: Int64, arm: String = "treatment", state: String = "written", slot: String = "stood",
        at offset: TimeInterval = 0, subject: String = "A late table"
    ) async throws -> UUID {
        let rows = try await database.pool.query(
            """
            INSERT INTO generations (
                tenant_id, connection_id, lead_id, event_id, playbook, playbook_version, kind, stage, arm, seed, state,
                record, content, prompt, model_sha256, slots, planned_at, generated_at, written_at)
            VALUES ($1, $2, $3, $4::bigint, 'nurture', 1, 'nurture_email', 'lead', $5, 7, $6, '{}',
                jsonb_build_object('body', 'Body ' || $4::bigint::text, 'subject', $8::text), 'Prompt ' || $4::bigint::text, 'abc',
                jsonb_build_array(jsonb_build_object('name', 'a', 'outcome', 'fallback'),
                    jsonb_build_object('name', 'b', 'outcome', $7::text)), $9, $9, $9)
            RETURNING id
            """,
            [tenant, connection, lead, event, arm, state, slot, subject, start.addingTimeInterval(offset)])
        guard let row = rows.first else { throw CocoaError(.featureUnsupported) }
        return try row.decode(UUID.self)
    }

    @discardableResult
    func record(
        _ kind: EventKind, lead: Int64, event: Int64, at offset: TimeInterval = 60, causedByUs: Bool = false
    ) async throws -> RecordedOutcome? {
        let crmEvent = CRMEvent(
            kind: kind, objectType: "contact", objectID: "\(lead)", lead: nil,
            occurredAt: start.addingTimeInterval(offset), dedupeKey: "\(event)", causedByUs: causedByUs)
        let tenant = tenant
        return try await database.pool.transaction { connection in
            try await OutcomeRecorder().record(
                crmEvent, eventID: event, tenantID: tenant, leadID: lead, in: connection)
        }
    }

    func count(_ sql: SQL) async throws -> Int { Int(try await Self.id(database, sql, [])) }
}
