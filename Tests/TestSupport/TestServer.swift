import EmbeddedPostgres
import Foundation
import Migrations
import PostgresClient
import Synchronization

/// The Postgres that all tests of this process share: started at the first use, gone with the process.
///
/// `LEADWRIGHT_TEST_DATABASE_URL` names another server instead, where the role may create databases.
actor TestServer {
    static let shared = TestServer()

    private var started: Task<(administrator: PostgresPool, url: String), any Error>?
    private var databases = 0

    /// A pool for `CREATE DATABASE` and the like.
    var administrator: PostgresPool { get async throws { try await server().administrator } }

    /// Creates a database from another and returns its name and URL.
    func createDatabase(migrated: Bool) async throws -> (name: String, url: String) {
        let server = try await server()
        databases += 1
        let name = "leadwright_test_\(getpid())_\(databases)"
        let template = migrated ? Self.template : "template0"
        try await server.administrator.execute(SQL(assembled: "CREATE DATABASE \(name) TEMPLATE \(template)"))
        return (name, try Self.url(server.url, database: name))
    }

    private func server() async throws -> (administrator: PostgresPool, url: String) {
        let task = started ?? Task { try await Self.start() }
        started = task
        return try await task.value
    }

    private static let folder = "tests"
    private static let template = "leadwright_template_\(getpid())"

    private static func start() async throws -> (administrator: PostgresPool, url: String) {
        let url: String
        if let other = ProcessInfo.processInfo.environment["LEADWRIGHT_TEST_DATABASE_URL"] {
            url = other
        } else {
            url = try await startEmbedded()
        }
        let administrator = try PostgresPool(url: url, size: 2, applicationName: "leadwright-tests")
        try await administrator.execute(SQL(assembled: "DROP DATABASE IF EXISTS \(template)"))
        try await administrator.execute(SQL(assembled: "CREATE DATABASE \(template) TEMPLATE template0"))
        let pool = try PostgresPool(url: Self.url(url, database: template), size: 1)
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        await pool.close()
        return (administrator, url)
    }

    private static func startEmbedded() async throws -> String {
        let installation = PackageRoot.url.appending(path: ".local/postgres/18")
        guard FileManager.default.fileExists(atPath: installation.path) else { throw MissingPart(installation.path) }
        ServerFolder.removeLeftovers(folder)
        let data = ServerFolder.url(folder)
        // Without fsync everything still survives a crash of the server, only not one of the machine, and creating and
        // dropping a database takes 50 ms instead of seconds on a busy disk.
        let settings = ["max_connections": "200", "fsync": "off"]
        let server = EmbeddedPostgres(installation: installation, data: data, settings: settings)
        let url = try await server.start()
        embedded.withLock { $0 = server }
        atexit {
            embedded.withLock { $0?.stopImmediately() }
            try? FileManager.default.removeItem(at: ServerFolder.url(TestServer.folder))
        }
        return url
    }

    private static func url(_ url: String, database: String) throws -> String {
        guard var parts = URLComponents(string: url) else {
            throw MissingPart("a readable LEADWRIGHT_TEST_DATABASE_URL")
        }
        parts.path = "/" + database
        return parts.string ?? url
    }
}

/// For the handler of `atexit`, which can capture nothing.
private let embedded = Mutex<EmbeddedPostgres?>(nil)
