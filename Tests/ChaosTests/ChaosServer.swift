import EmbeddedPostgres
import Foundation
import Migrations
import PostgresClient
import Synchronization
import TestSupport

/// The Postgres of the chaos tests: one server of its own with fsync on, because it is restarted, and the same port
/// through all restarts.
actor ChaosServer {
    static let shared = ChaosServer()

    /// How it is made to stop.
    enum Restart: CaseIterable {
        /// SIGINT: open transactions are rolled back.
        case fast
        /// SIGQUIT: what is not in the log on disk is gone.
        case immediate
    }

    private static let folder = "chaos"
    private static let template = "chaos_template"

    private var started: Task<String, any Error>?
    private var databases = 0

    /// A new database with the schema.
    func createDatabase() async throws -> (name: String, url: String) {
        let url = try await url()
        databases += 1
        let name = "chaos_\(databases)"
        try await administer(SQL(assembled: "CREATE DATABASE \(name) TEMPLATE \(Self.template)"), at: url)
        return (name, try Self.url(url, database: name))
    }

    /// Drops one, also while others are connected to it.
    func drop(_ database: String) async throws {
        try await administer(SQL(assembled: "DROP DATABASE IF EXISTS \(database) WITH (FORCE)"), at: url())
    }

    /// Ends connections to a database: all, or some of them by chance.
    ///
    /// - Returns: how many.
    @discardableResult
    func terminateBackends(of database: String, share: Double = 1) async throws -> Int {
        let pool = try PostgresPool(url: await url(), size: 1)
        let ended = try await pool.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND random() <= $2",
            [database, share])
        await pool.close()
        return ended.count
    }

    /// Stops the server and starts it again; returns when it serves.
    func restart(_ how: Restart) async throws {
        let port = try Self.port(of: await url())
        switch how {
        case .fast: await embedded.withLock { $0 }?.stop()
        case .immediate: embedded.withLock { $0 }?.stopImmediately()
        }
        _ = try await Self.start(port: port)
    }

    private func url() async throws -> String {
        let task = started ?? Task { try await Self.startFirst() }
        started = task
        return try await task.value
    }

    private func administer(_ statement: SQL, at url: String) async throws {
        let pool = try PostgresPool(url: url, size: 1)
        try await pool.execute(statement)
        await pool.close()
    }

    private static func startFirst() async throws -> String {
        ServerFolder.removeLeftovers(folder)
        let url = try await start(port: nil)
        atexit {
            embedded.withLock { $0?.stopImmediately() }
            try? FileManager.default.removeItem(at: ServerFolder.url(ChaosServer.folder))
        }
        let administrator = try PostgresPool(url: url, size: 1)
        try await administrator.execute(SQL(assembled: "CREATE DATABASE \(template)"))
        await administrator.close()
        let pool = try PostgresPool(url: Self.url(url, database: template), size: 1)
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        await pool.close()
        return url
    }

    private static func start(port: UInt16?) async throws -> String {
        let installation = PackageRoot.url.appending(path: ".local/postgres/18")
        let server = EmbeddedPostgres(
            installation: installation, data: ServerFolder.url(folder), port: port, settings: ["max_connections": "300"]
        )
        let url = try await server.start()
        embedded.withLock { $0 = server }
        return url
    }

    private static func port(of url: String) throws -> UInt16 {
        guard let port = URLComponents(string: url)?.port else { throw ChaosError("the server has no port") }
        return UInt16(port)
    }

    private static func url(_ url: String, database: String) throws -> String {
        guard var parts = URLComponents(string: url) else { throw ChaosError("the server's address is none") }
        parts.path = "/" + database
        return parts.string ?? url
    }
}

/// For the handler of `atexit`, which can capture nothing.
private let embedded = Mutex<EmbeddedPostgres?>(nil)
