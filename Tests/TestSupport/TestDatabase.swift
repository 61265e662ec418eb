public import PostgresClient

/// A fresh database for one test, on a Postgres that all tests of the process share.
///
/// ```swift
/// let database = try await TestDatabase.make()
/// let rows = try await database.pool.query("SELECT …")
/// await database.drop()
/// ```
public struct TestDatabase: Sendable {
    /// Its URL, for other pools and other processes.
    public let url: String
    /// A pool of eight connections to it.
    public let pool: PostgresPool
    private let name: String

    /// Makes a database with the whole schema, in about 30 ms; the first call of a process also starts the server.
    public static func make() async throws -> TestDatabase { try await make(migrated: true) }

    /// Makes a database with nothing in it, for tests of migrations.
    public static func makeEmpty() async throws -> TestDatabase { try await make(migrated: false) }

    private static func make(migrated: Bool) async throws -> TestDatabase {
        let (name, url) = try await TestServer.shared.createDatabase(migrated: migrated)
        return TestDatabase(url: url, pool: try PostgresPool(url: url, size: 8), name: name)
    }

    /// Makes it unreachable, as a stopped server is: open connections break, new ones are refused.
    public func disconnect() async throws {
        let administrator = try await TestServer.shared.administrator
        try await administrator.execute(SQL(assembled: "ALTER DATABASE \(name) ALLOW_CONNECTIONS false"))
        _ = try await administrator.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name])
    }

    /// Makes it reachable again.
    public func reconnect() async throws {
        try await TestServer.shared.administrator.execute(
            SQL(assembled: "ALTER DATABASE \(name) ALLOW_CONNECTIONS true"))
    }

    /// Drops it, also while others are still connected to it.
    public func drop() async {
        await pool.close()
        // What is left here goes with the server.
        _ = try? await TestServer.shared.administrator.execute(
            SQL(assembled: "DROP DATABASE IF EXISTS \(name) WITH (FORCE)"))
    }
}
