import CRM
import Foundation
import JSON
import PostgresClient

/// A lead as our own tables know it.
struct KnownLead: Sendable {
    let id: Int64
    /// What events told us, by the system's own field names.
    let fields: [String: String]
    let optedOutAt: Date?
    let erasedAt: Date?
}

/// The statements about leads.
struct LeadStore: Sendable {
    private static let upsertLead = SQL(PackageResources.upsert_lead_sql)
    private static let loadLeads = SQL(PackageResources.load_leads_sql)
    private static let mergeLead = SQL(PackageResources.merge_lead_sql)
    private static let eraseLead = SQL(PackageResources.erase_lead_sql)
    private static let erasedLeads = SQL(PackageResources.erased_leads_sql)

    let pool: PostgresPool

    /// What is known of some leads, by key. Leads never met are missing.
    func load(_ keys: [String]) async throws(PostgresError) -> [String: KnownLead] {
        try Self.known(await pool.query(Self.loadLeads, [keys]))
    }

    /// What is known of some leads, and which of them, by the hashes of their keys, were erased from this connection.
    func load(
        _ keys: [String], hashes: [Data], connection: Int64
    ) async throws(PostgresError) -> (known: [String: KnownLead], erased: Set<Data>) {
        guard !keys.isEmpty else { return ([:], []) }
        let answers = try await pool.query([
            BoundStatement(Self.loadLeads, [keys]), BoundStatement(Self.erasedLeads, [connection, hashes]),
        ])
        let erased = try answers[1].map { row throws(PostgresError) in try row.decode(Data.self) }
        return (try Self.known(answers[0]), Set(erased))
    }

    private static func known(_ rows: [PostgresRow]) throws(PostgresError) -> [String: KnownLead] {
        var known: [String: KnownLead] = [:]
        for row in rows {
            let (key, id, fields, optedOutAt, erasedAt) = try row.decode(
                String.self, Int64.self, String.self, Date?.self, Date?.self)
            known[key] = KnownLead(
                id: id, fields: self.fields(fields), optedOutAt: optedOutAt, erasedAt: erasedAt)
        }
        return known
    }

    /// The lead with that identity, made if it is new. `optedOutAt` is kept once it was ever set.
    ///
    /// - Parameter stage: The stage that the CRM shows, where that was just read; otherwise the stored one stays.
    func upsert(
        _ identity: LeadIdentity, tenant: Int64, connection: Int64, fields: [String: String] = [:],
        optedOutAt: Date? = nil, stage: FunnelStage?? = nil, in transaction: PostgresConnection
    ) async throws -> KnownLead {
        let text = JSONText(JSONValue.object(fields.mapValues { .string($0) }).canonicalText)
        let values: [any PostgresValue] = [
            tenant, connection, identity.key, identity.objectType, identity.objectID, text, optedOutAt,
            stage.flatMap(\.self)?.rawValue, stage != nil,
        ]
        let rows = try await transaction.query(Self.upsertLead, values)
        guard let row = rows.first else { throw PipelineError(.missing, "the lead could neither be made nor found") }
        let (id, stored, optedOut, erased, _) = try row.decode(
            Int64.self, String.self, Date?.self, Date?.self, Int64?.self)
        return KnownLead(id: id, fields: Self.fields(stored), optedOutAt: optedOut, erasedAt: erased)
    }

    /// Points a lead that was merged away to the survivor.
    func merge(_ lead: Int64, into survivor: Int64, in transaction: PostgresConnection) {
        transaction.send(Self.mergeLead, [lead, survivor])
    }

    /// Removes what is held about a lead: fields, prompts, texts, event bodies, training examples. Only the hash of
    /// its key stays. `event` is the one that asks for it.
    func erase(_ lead: Int64, hash: Data, event: Int64, in transaction: PostgresConnection) {
        transaction.send(Self.eraseLead, [lead, hash, event])
    }

    private static func fields(_ text: String) -> [String: String] {
        let members = (try? JSONValue(parsing: text))?.object ?? [:]
        return members.compactMapValues(\.scalarText)
    }
}
