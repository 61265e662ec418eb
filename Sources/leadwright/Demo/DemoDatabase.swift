import EmbeddedPostgres
import Foundation
import Migrations
import PostgresClient

/// The demo's database, empty and migrated: in a private server, or in the one that `DATABASE_URL` names.
struct DemoDatabase {
    let url: String
    let pool: PostgresPool
    private let server: EmbeddedPostgres?

    private static let name = "leadwright_demo"

    /// Makes the database anew. What an earlier demo left is dropped.
    static func start(folder: URL, environment: [String: String]) async throws -> DemoDatabase {
        let url: String
        var server: EmbeddedPostgres?
        if let given = environment["DATABASE_URL"], !given.isEmpty {
            url = given
        } else {
            let installation = URL(filePath: ".local/postgres/18")
            guard FileManager.default.fileExists(atPath: installation.path) else {
                throw CommandError.failed("no Postgres in .local; run scripts/bootstrap, or set DATABASE_URL")
            }
            let started = EmbeddedPostgres(installation: installation, data: folder.appending(path: "postgres"))
            url = try await started.start()
            server = started
        }
        let administration = try PostgresPool(url: url, size: 1)
        try await administration.execute("DROP DATABASE IF EXISTS leadwright_demo WITH (FORCE)")
        try await administration.execute("CREATE DATABASE leadwright_demo")
        await administration.close()
        guard var components = URLComponents(string: url) else { throw CommandError.failed("DATABASE_URL is no URL") }
        components.path = "/\(name)"
        let own = components.string ?? url
        let pool = try PostgresPool(url: own, size: 4)
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        return DemoDatabase(url: own, pool: pool, server: server)
    }

    /// Ends the private server.
    func stop() async {
        await pool.close()
        await server?.stop()
    }
}
