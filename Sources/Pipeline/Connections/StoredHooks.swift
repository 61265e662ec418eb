import JSON
import PostgresClient
import Zapier

/// The REST hooks of one connection, as Zapier subscribed them.
struct StoredHooks: HookDirectory {
    private static let liveHooks = SQL(PackageResources.live_hooks_sql)
    private static let endHook = SQL(PackageResources.end_hook_sql)

    let pool: PostgresPool
    let connection: Int64

    func hooks(connection _: String, event: String) async throws -> [HookSubscription] {
        try await pool.query(Self.liveHooks, [connection, event]).map { row in
            let (id, url, filters) = try row.decode(Int64.self, String.self, String.self)
            let wanted = try JSONValue(parsing: filters).object ?? [:]
            return HookSubscription(id: String(id), url: url, filters: wanted.compactMapValues(\.scalarText))
        }
    }

    func markGone(_ hook: HookSubscription) async throws {
        guard let id = Int64(hook.id) else { return }
        try await pool.execute(Self.endHook, [id])
    }
}
