import Foundation
import Migrations
import PostgresClient
import TestSupport
import XCTest

/// The schema of the installation, on a real server.
final class SchemaTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws { database = try await TestDatabase.makeEmpty() }
    override func tearDown() async throws { await database?.drop() }

    func testEveryFileIsListedUnderItsNumberAndName() throws {
        let folder = PackageRoot.path("Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".sql") }.sorted()
        let listed = migrations.map { migration in
            let number = String(migration.number)
            return String(repeating: "0", count: 4 - number.count) + number + "_" + migration.name + ".sql"
        }
        XCTAssertEqual(listed, files)
        for (migration, file) in zip(migrations, files) {
            XCTAssertEqual(migration.sql, try String(contentsOfFile: folder + "/" + file, encoding: .utf8), file)
        }
    }

    func testMigratingTwiceDoesNothingMore() async throws {
        let migrator = try Migrator(pool: pool, migrations: migrations)
        let first = try await migrator.migrate()
        XCTAssertEqual(first.map(\.number), migrations.map(\.number))
        let second = try await migrator.migrate()
        XCTAssertEqual(second, [])
    }

    func testTwoMigratorsAtOnceApplyEachOnce() async throws {
        let url = try XCTUnwrap(database).url
        async let one = Self.migrate(url)
        async let other = Self.migrate(url)
        let applied = try await one + other
        XCTAssertEqual(applied.map(\.number).sorted(), migrations.map(\.number))
    }

    private static func migrate(_ url: String) async throws -> [AppliedMigration] {
        let pool = try PostgresPool(url: url, size: 1)
        let applied = try await Migrator(pool: pool, migrations: migrations).migrate()
        await pool.close()
        return applied
    }

    func testALaneHasOneFirstJob() async throws {
        let pool = try pool
        _ = try await Migrator(pool: pool, migrations: migrations).migrate()
        let insert: SQL = """
            INSERT INTO jobs (
                lane, id, tenant_id, connection_id, run_at, enqueued_at, priority, max_attempts, stage, payload)
            VALUES (1, $1, 1, 1, now(), now(), 0, 12, 'write', '{}')
            """
        try await pool.execute(insert, [1])
        do {
            try await pool.execute(insert, [2])
            XCTFail("accepted")
        } catch {
            XCTAssertEqual(error.constraint, "jobs_pkey")
        }
    }
}
