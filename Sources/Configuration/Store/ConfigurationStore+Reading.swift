import CRM
import Foundation
import JSON
public import Personalization
import PostgresClient

extension ConfigurationStore {
    /// The connection of a name, or `nil` when there is none.
    public func connection(named name: String) async throws -> StoredConnection? {
        if let cached = connectionCache[name] { return cached }
        let found = try await connections(named: name).first
        if let found { connectionCache[name] = found }
        return found
    }

    /// The connection of a name as it was read last, however long ago; never asks the database.
    public func lastKnownConnection(named name: String) -> StoredConnection? { connectionCache.last(name) }

    /// The connection of an id, or `nil` when there is none.
    public func connection(id: Int64) async throws -> StoredConnection? {
        if let cached = connectionCache.first(where: { $0.id == id }) { return cached }
        let found = try await connections().first { $0.id == id }
        if let found { connectionCache[found.settings.name] = found }
        return found
    }

    /// All connections, by name.
    public func connections() async throws -> [StoredConnection] { try await connections(named: nil) }

    /// The tenant of an id, or `nil` when there is none.
    public func tenant(id: Int64) async throws -> StoredTenant? {
        if let cached = tenantCache[id] { return cached }
        let found = try await tenants(id: id).first
        if let found { tenantCache[id] = found }
        return found
    }

    /// All tenants, by name.
    public func tenants() async throws -> [StoredTenant] { try await tenants(id: nil) }

    /// A tenant's playbooks in force, by name.
    public func playbooks(tenantID: Int64) async throws -> [VersionedPlaybook] {
        if let cached = playbookCache[tenantID] { return cached }
        let rows = try await pool.query(SQL(PackageResources.select_playbooks_sql), [tenantID])
        let playbooks = try rows.map { row in
            let (body, version) = try row.decode(JSONText.self, Int.self)
            return VersionedPlaybook(try Self.playbook(body), version: version)
        }
        playbookCache[tenantID] = playbooks
        return playbooks
    }

    /// A playbook in the version that made a generation, or `nil` when there is none.
    public func playbook(tenantID: Int64, named name: String, version: Int) async throws -> VersionedPlaybook? {
        if let current = playbookCache[tenantID]?.first(where: { $0.playbook.name == name && $0.version == version }) {
            return current
        }
        let rows = try await pool.query(SQL(PackageResources.select_playbook_sql), [tenantID, name, version])
        return try rows.first.map { VersionedPlaybook(try Self.playbook($0.decode(JSONText.self)), version: version) }
    }

    private func connections(named name: String?) async throws -> [StoredConnection] {
        let vault = vault
        return try await pool.withConnection { session in
            let sealed = try await SealedCredential.all(of: name, in: session)
            return try await session.query(SQL(PackageResources.select_connections_sql), [name]).map { row in
                let (id, tenantID, _, settings) = try row.decode(
                    Int64.self, Int64.self, String.self, JSONText.self)
                let decoded = try JSONDecoder().decode(ConnectionSettings.self, from: Data(settings.text.utf8))
                var secrets: [String: String] = [:]
                for item in sealed[decoded.name, default: []] { secrets[item.name] = try item.opened(by: vault) }
                return StoredConnection(
                    id: id, tenantID: tenantID, settings: decoded, credentials: Credentials(secrets))
            }
        }
    }

    private func tenants(id: Int64?) async throws -> [StoredTenant] {
        try await pool.query(SQL(PackageResources.select_tenants_sql), [id]).map { row in
            let (id, name, title, weight, body) = try row.decode(
                Int64.self, String.self, String.self, Int.self, JSONText.self)
            guard case .tenant(let declared) = try Self.declaration(body).body else {
                throw ConfigurationError(.unreadableStore, "tenant \(name) as stored is no tenant; apply it again")
            }
            return StoredTenant(id: id, name: name, title: title, weight: weight, voices: declared.voices)
        }
    }

    private static func playbook(_ body: JSONText) throws -> Playbook {
        guard case .playbook(let playbook) = try declaration(body).body else {
            throw ConfigurationError(.unreadableStore, "a playbook as stored is none; apply it again")
        }
        return playbook
    }

    private static func declaration(_ body: JSONText) throws -> Declaration {
        do {
            return try Declaration(JSONValue(parsing: body.text))
        } catch let problem as DeclarationProblem {
            throw ConfigurationError(
                .unreadableStore, "a stored declaration is not readable by this version; apply it again",
                problems: [problem])
        }
    }
}
