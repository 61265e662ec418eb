import CRM
public import Cryptography
import Foundation
import JSON
import Personalization
public import PostgresClient

/// The configuration of an installation: declared in files, versioned in the database, read by every process.
///
/// ```swift
/// let store = ConfigurationStore(pool: pool, key: try SealingKey.fromEnvironment())
/// let changes = try await store.apply(Declarations(files: ["tenant.json", "connection.json"]))
/// let connection = try await store.connection(named: "techflow-hubspot")
/// ```
///
/// Reading keeps what it read for ``maximumAge``, so that the way of every webhook does not lead through the
/// configuration's tables: what one process applies, the others follow within that time.
public struct ConfigurationStore: Sendable {
    let pool: PostgresPool
    let vault: CredentialVault
    let connectionCache: TimedCache<String, StoredConnection>
    let tenantCache: TimedCache<Int64, StoredTenant>
    let playbookCache: TimedCache<Int64, [VersionedPlaybook]>

    /// Creates a store.
    ///
    /// - Parameters:
    ///   - key: Seals and opens credentials. Without one, connections that have credentials cannot be read.
    ///   - maximumAge: How long something that was read is not read again; zero for always.
    public init(pool: PostgresPool, key: SealingKey?, maximumAge: Duration = .seconds(2)) {
        self.pool = pool
        vault = CredentialVault(key: key)
        connectionCache = TimedCache(maximumAge: maximumAge)
        tenantCache = TimedCache(maximumAge: maximumAge)
        playbookCache = TimedCache(maximumAge: maximumAge)
    }

    /// What applying would change; stores nothing.
    ///
    /// - Returns: one change for each declaration, in order.
    /// - Throws: ``ConfigurationError``, `PostgresError`.
    public func plan(_ declarations: Declarations) async throws -> [Change] {
        let vault = vault
        return try await pool.withConnection { connection in
            let stored = try await StoredConfiguration(reading: connection, vault: vault)
            let plan = try ConfigurationPlan(declarations, over: stored)
            try Self.checkKey(for: plan, vault: vault)
            return plan.steps.map(\.change)
        }
    }

    /// Puts declarations in force: all of them, or none. Old versions stay, because generations name them.
    ///
    /// - Returns: one change for each declaration, in order.
    /// - Throws: ``ConfigurationError``, `PostgresError`.
    public func apply(_ declarations: Declarations) async throws -> [Change] {
        let vault = vault
        let changes = try await pool.transaction { connection in
            try await connection.execute(SQL(PackageResources.lock_configuration_sql))
            let stored = try await StoredConfiguration(reading: connection, vault: vault)
            let plan = try ConfigurationPlan(declarations, over: stored)
            try Self.checkKey(for: plan, vault: vault)
            for step in plan.steps where step.change.action != .unchanged {
                try await Self.store(step, in: connection, vault: vault)
            }
            return plan.steps.map(\.change)
        }
        connectionCache.clear()
        tenantCache.clear()
        playbookCache.clear()
        return changes
    }

    /// Says before anything is stored that a key will be needed.
    private static func checkKey(for plan: ConfigurationPlan, vault: CredentialVault) throws(ConfigurationError) {
        let needsKey = plan.steps.contains { $0.connection.map { !$0.secrets.isEmpty } ?? false }
        if needsKey { _ = try vault.keyID() }
    }

    private static func store(
        _ step: ConfigurationPlan.Step, in connection: PostgresConnection, vault: CredentialVault
    ) async throws {
        let declaration = step.declaration
        let tenantID: Int64
        if case .tenant(let tenant) = declaration.body {
            tenantID = try await id(
                SQL(PackageResources.upsert_tenant_sql), [tenant.name, tenant.title, tenant.weight], in: connection)
        } else {
            tenantID = try await id(SQL(PackageResources.tenant_id_sql), [declaration.tenant], in: connection)
        }
        if let (settings, secrets) = step.connection {
            let connectionID = try await id(
                SQL(PackageResources.upsert_connection_sql),
                [
                    tenantID, settings.name, settings.system.rawValue, settings.account,
                    JSONText(ConfigurationPlan.json(of: settings).canonicalText),
                ], in: connection)
            for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) {
                let box = try vault.seal(secret, tenant: declaration.tenant, connection: settings.name, name: name)
                try await connection.execute(
                    SQL(PackageResources.upsert_credential_sql),
                    [connectionID, name, try vault.keyID(), box.nonce, box.ciphertext])
            }
            try await connection.execute(
                SQL(PackageResources.delete_other_credentials_sql), [connectionID, secrets.keys.sorted()])
        }
        guard step.isNewVersion else { return }
        try await connection.execute(
            SQL(PackageResources.insert_declaration_sql),
            [
                tenantID, declaration.kind.rawValue, declaration.name, step.change.version,
                JSONText(declaration.json.canonicalText), declaration.sha256,
            ])
    }

    private static func id(
        _ sql: SQL, _ values: [any PostgresValue], in connection: PostgresConnection
    ) async throws -> Int64 {
        guard let row = try await connection.query(sql, values).first else {
            throw ConfigurationError(.unreadableStore, "the tenant is gone; apply its declaration first")
        }
        return try row.decode(Int64.self)
    }
}
