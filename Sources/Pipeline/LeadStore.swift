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
        var known: [String: KnownLead] = [:]
        for row in try await pool.query(Self.loadLeads, [keys]) {
            let (key, id, fields, optedOutAt, erasedAt) = try row.decode(
                String.self, Int64.self, String.self, Date?.self, Date?.self)
            known[key] = KnownLead(
                id: id, fields: Self.fields(fields), optedOutAt: optedOutAt, erasedAt: erasedAt)
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
    func merge(_ lead: Int64, into survivor: Int64, in transaction: PostgresConnection) async throws(PostgresError) {
        try await transaction.execute(Self.mergeLead, [lead, survivor])
    }

    /// Removes what is held about a lead: fields, prompts, texts, event bodies, training examples. Only the hash of
    /// its key stays. `event` is the one that asks for it.
    func erase(_ lead: Int64, hash: Data, event: Int64, in transaction: PostgresConnection) async throws(PostgresError)
    {
        try await transaction.execute(Self.eraseLead, [lead, hash, event])
    }

    /// Which of some leads, by the hashes of their keys, were erased from this connection.
    func erased(_ hashes: [Data], connection: Int64) async throws(PostgresError) -> Set<Data> {
        guard !hashes.isEmpty else { return [] }
        let rows = try await pool.query(Self.erasedLeads, [connection, hashes])
        return Set(try rows.map { row throws(PostgresError) in try row.decode(Data.self) })
    }

    private static func fields(_ text: String) -> [String: String] {
        let members = (try? JSONValue(parsing: text))?.object ?? [:]
        return members.compactMapValues(\.scalarText)
    }
}
