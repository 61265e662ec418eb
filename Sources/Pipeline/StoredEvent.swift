import CRM
import PostgresClient

/// A row of `events`.
struct StoredEvent: Sendable {
    private static let loadEvents = SQL(PackageResources.load_events_sql)

    let id: Int64
    let tenantID: Int64
    let connectionID: Int64
    /// What the connector read; `nil` once erased.
    let event: CRMEvent?

    /// Loads events by id. Those that do not exist are missing.
    static func load(_ ids: [Int64], from pool: PostgresPool) async throws(PostgresError) -> [Int64: StoredEvent] {
        var loaded: [Int64: StoredEvent] = [:]
        for row in try await pool.query(loadEvents, [ids]) {
            let (id, tenant, connection, body) = try row.decode(Int64.self, Int64.self, Int64.self, String.self)
            loaded[id] = StoredEvent(
                id: id, tenantID: tenant, connectionID: connection, event: try? CRMEvent(storedText: body))
        }
        return loaded
    }
}
