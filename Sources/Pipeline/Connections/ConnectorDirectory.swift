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
/// access token and what was lately seen of its system, whether it answers and what it allows.
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
    private let policy: Circuit.Policy
    private let budgets: any CallBudgetRecorder
    private let uptime: @Sendable () -> Duration
    private let entries = Mutex<[Int64: Entry]>([:])

    /// A directory over the connections of one installation.
    ///
    /// - Parameters:
    ///   - timeout: How long a call to a CRM may take.
    ///   - budgets: Told what the systems say about their call budgets.
    public convenience init(
        pool: PostgresPool, configuration: ConfigurationStore, client: HTTPClient, timeout: Duration = .seconds(30),
        budgets: any CallBudgetRecorder = NoCallBudgets()
    ) {
        let start = ContinuousClock.now
        self.init(
            pool: pool, configuration: configuration, client: client, timeout: timeout, budgets: budgets,
            policy: Circuit.Policy(), uptime: { start.duration(to: .now) })
    }

    init(
        pool: PostgresPool, configuration: ConfigurationStore, client: HTTPClient, timeout: Duration,
        budgets: any CallBudgetRecorder, policy: Circuit.Policy, uptime: @escaping @Sendable () -> Duration
    ) {
        self.pool = pool
        self.configuration = configuration
        self.client = client
        self.timeout = timeout
        self.budgets = budgets
        self.policy = policy
        self.uptime = uptime
    }

    /// The connector for a connection.
    ///
    /// - Throws: ``PipelineError`` with code `withdrawn` when the connection is no longer declared.
    public func connector(for id: Int64) async throws -> any Connector {
        guard let connection = try await configuration.connection(id: id) else {
            throw PipelineError(.withdrawn, "connection \(id) is no longer declared")
        }
        let targets = try await configuration.playbooks(tenantID: connection.tenantID).map(\.playbook.contentTarget)
        return entries.withLock { entries in
            if let entry = entries[id], entry.settings == connection.settings,
                entry.credentials == connection.credentials
            {
                return entry.connector
            }
            // New credentials begin with a closed circuit: they are what a refused connection waits for.
            let connector = GuardedConnector(
                make(connection, targets: targets), id: id, policy: policy, recorder: budgets, uptime: uptime)
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
                connection: settings, credentials: credentials, client: client, targets: targets, timeout: timeout,
                logins: configuration.login(of: connection))
        case .salesforce:
            return SalesforceConnector(
                connection: settings, credentials: credentials, client: client, targets: targets, timeout: timeout,
                logins: configuration.login(of: connection))
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
