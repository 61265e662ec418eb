import Configuration
import CRM
import Foundation
import HTTPClient
import JSON
import Pipeline
import PostgresClient

extension Command {
    /// `leadwright connect`
    static let connect = Command(
        "connect", "Check a connection, and create what is missing in its CRM.",
        discussion: """
            HubSpot: the property group and properties that the tenant's playbooks write. Salesforce: checks the
            object, its fields and their permissions. Zapier: checks that a hook is subscribed. Safe to repeat.
            """,
        options: [.database, .json], operands: "CONNECTION…"
    ) { arguments in
        guard !arguments.operands.isEmpty else { throw CommandError.usage("name a connection") }
        let pool = try await Installation.migratedPool(arguments)
        let configuration = ConfigurationStore(pool: pool, key: try Installation.key())
        let connectors = ConnectorDirectory(pool: pool, configuration: configuration, client: HTTPClient())
        var missing = 0
        for name in arguments.operands {
            guard let connection = try await configuration.connection(named: name) else {
                throw CommandError.failed("no connection is called \(name); `leadwright apply` declares connections")
            }
            let steps = try await connectors.connector(for: connection.id).connect()
            missing += steps.count { $0.state == .missing }
            for step in steps {
                if arguments.has("--json") {
                    print(
                        JSONValue.object([
                            "connection": .string(name), "subject": .string(step.subject),
                            "state": .string(step.state.rawValue), "detail": .string(step.detail),
                        ]).canonicalText)
                } else {
                    print("\(name): \(step.state.rawValue.padded(to: 8)) \(step.subject)  \(step.detail)")
                }
            }
        }
        await pool.close()
        if missing > 0 { throw CommandError.failed("\(missing) things are missing; see above") }
    }
}
