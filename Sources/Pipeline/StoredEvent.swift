import CRM
import Foundation
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
            let (id, tenant, connection, body, receivedAt) = try row.decode(
                Int64.self, Int64.self, Int64.self, String.self, Date.self)
            var event = try? CRMEvent(storedText: body)
            // Nothing happened later than we were told of it: a clock that is ahead elsewhere would make a message
            // valid for longer, and hide that it was made already.
            if let told = event?.occurredAt, told > receivedAt { event?.occurredAt = receivedAt }
            loaded[id] = StoredEvent(id: id, tenantID: tenant, connectionID: connection, event: event)
        }
        return loaded
    }
}
