public import CRM
public import Configuration
public import HTTPClient
import HubSpot
import Personalization
public import PostgresClient
import Salesforce
import Synchronization
import Zapier

/// The connector of each connection, kept while the connection's declaration stays as it is: a connector holds its
/// access token, and a new one would have to log in again.
public final class ConnectorDirectory: Sendable {
    private struct Entry {
        let settings: ConnectionSettings
        let credentials: Credentials
        let connector: any Connector
    }

    private let pool: PostgresPool
    private let configuration: ConfigurationStore
    private let client: HTTPClient
    private let timeout: Duration
    private let entries = Mutex<[Int64: Entry]>([:])

    /// A directory over the connections of one installation.
    ///
    /// - Parameter timeout: How long a call to a CRM may take.
    public init(
        pool: PostgresPool, configuration: ConfigurationStore, client: HTTPClient, timeout: Duration = .seconds(30)
    ) {
        self.timeout = timeout
        self.pool = pool
        self.configuration = configuration
        self.client = client
    }

    /// The connector for a connection.
    ///
    /// - Throws: ``PipelineError`` with code `missing` when the connection is no longer declared.
    public func connector(for id: Int64) async throws -> any Connector {
        guard let connection = try await configuration.connection(id: id) else {
            throw PipelineError(.missing, "connection \(id) is no longer declared; apply its declaration again")
        }
        let targets = try await configuration.playbooks(tenantID: connection.tenantID).map(\.playbook.contentTarget)
        return entries.withLock { entries in
            if let entry = entries[id], entry.settings == connection.settings,
                entry.credentials == connection.credentials
            {
                return entry.connector
            }
            let connector = make(connection, targets: targets)
            entries[id] = Entry(
                settings: connection.settings, credentials: connection.credentials, connector: connector)
            return connector
        }
    }

    private func make(_ connection: StoredConnection, targets: [ContentTarget]) -> any Connector {
        let (settings, credentials) = (connection.settings, connection.credentials)
        switch settings.system {
        case .hubspot:
            return HubSpotConnector(
                connection: settings, credentials: credentials, client: client, targets: targets, timeout: timeout)
        case .salesforce:
            return SalesforceConnector(
                connection: settings, credentials: credentials, client: client, targets: targets, timeout: timeout)
        case .zapier:
            let hooks = StoredHooks(pool: pool, connection: connection.id)
            return ZapierConnector(
                connection: settings, credentials: credentials, client: client, hooks: hooks, targets: targets,
                timeout: timeout)
        }
    }
}

extension Playbook {
    /// Where it writes, for the connector to prepare.
    fileprivate var contentTarget: ContentTarget { ContentTarget(name: target, parts: scaffold.map(\.part)) }
}
