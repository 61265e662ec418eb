import CRM
import Foundation
import JSON
import Personalization
import PostgresClient

/// What is in force, as far as planning a change needs it.
struct StoredConfiguration: Sendable {
    /// What identifies an object.
    struct Key: Hashable, Sendable {
        let tenant: String
        let kind: Declaration.Kind
        let name: String
    }

    /// The newest version of an object.
    struct Version: Sendable {
        let number: Int
        let body: JSONValue
        let sha256: String
    }

    /// A connection's row.
    struct Connection: Sendable {
        let tenant: String
        let settings: JSONValue
        /// The secrets that could be opened.
        let secrets: [String: String]
    }

    var versions: [Key: Version] = [:]
    var connections: [String: Connection] = [:]

    /// Nothing yet.
    init() {}

    /// Reads what is in force.
    init(reading connection: PostgresConnection, vault: CredentialVault) async throws {
        for row in try await connection.query(SQL(PackageResources.newest_declarations_sql)) {
            let (tenant, kind, name, number, body, sha256) = try row.decode(
                String.self, String.self, String.self, Int.self, JSONText.self, String.self)
            guard let kind = Declaration.Kind(rawValue: kind) else { continue }
            versions[Key(tenant: tenant, kind: kind, name: name)] = Version(
                number: number, body: try JSONValue(parsing: body.text), sha256: sha256)
        }
        let sealed = try await SealedCredential.all(of: nil, in: connection)
        for row in try await connection.query(SQL(PackageResources.select_connections_sql), [String?.none]) {
            let (_, _, tenant, settings) = try row.decode(Int64.self, Int64.self, String.self, JSONText.self)
            let value = try JSONValue(parsing: settings.text)
            guard let name = value["name"]?.string else { continue }
            // A secret that no longer opens counts as missing: applying the connection again seals it anew.
            let secrets = sealed[name, default: []].compactMap { item in
                (try? item.opened(by: vault)).map { (item.name, $0) }
            }
            connections[name] = Connection(
                tenant: tenant, settings: value, secrets: Dictionary(secrets) { first, _ in first })
        }
    }

    /// The objects of a kind, read again from what is stored.
    func objects(of kind: Declaration.Kind) throws(ConfigurationError) -> [Declaration] {
        var objects: [Declaration] = []
        for (key, version) in versions where key.kind == kind {
            do throws(DeclarationProblem) {
                objects.append(try Declaration(version.body))
            } catch {
                throw ConfigurationError(
                    .unreadableStore,
                    "\(key.kind.rawValue) \(key.tenant)/\(key.name) as stored is not readable; apply it again",
                    problems: [error])
            }
        }
        return objects
    }
}
