import JSON
import Migrations
import PostgresClient

extension Command {
    /// `leadwright migrate`
    static let migrate = Command(
        "migrate", "Bring the database to this version's schema.",
        discussion: """
            Applies the numbered migrations that are missing, each in a transaction, under a lock: running it from
            several machines at once is safe. It refuses a database that a newer leadwright has migrated.
            """,
        options: [.database, .json]
    ) { arguments in
        let pool = try Installation.pool(arguments)
        let applied = try await Migrator(pool: pool, migrations: migrations).migrate()
        try await pool.execute("SELECT create_partitions(now() + interval '28 days')")
        await pool.close()
        if arguments.has("--json") {
            let list = applied.map {
                JSONValue.object(["number": .integer(Int64($0.number)), "name": .string($0.name)])
            }
            print(JSONValue.object(["applied": .array(list)]).canonicalText)
        } else if applied.isEmpty {
            print("nothing to do: the schema is at \(migrations.count)")
        } else {
            applied.forEach { print("applied \($0.number) \($0.name)") }
        }
    }
}
