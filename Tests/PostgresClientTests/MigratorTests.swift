import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Migrations are applied once, in order, and a database that does not fit is refused.
final class MigratorTests: XCTestCase {
    private static let first = Migration(1, "first", Array("CREATE TABLE a (n integer); INSERT INTO a VALUES (1)".utf8))
    private static let second = Migration(2, "second", Array("ALTER TABLE a ADD COLUMN m integer".utf8))

    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws { database = try await TestDatabase.makeEmpty() }
    override func tearDown() async throws { await database?.drop() }

    func testEachIsAppliedOnce() async throws {
        let before = try await Migrator(pool: pool, migrations: [Self.first, Self.second]).status()
        XCTAssertEqual(before.applied, [])
        XCTAssertEqual(before.pending, ["first", "second"])
        let one = try await Migrator(pool: pool, migrations: [Self.first]).migrate()
        XCTAssertEqual(one.map(\.name), ["first"])
        let migrator = try Migrator(pool: pool, migrations: [Self.first, Self.second])
        let two = try await migrator.migrate()
        XCTAssertEqual(two.map(\.number), [2])
        let none = try await migrator.migrate()
        XCTAssertEqual(none, [])
        let after = try await migrator.status()
        XCTAssertEqual(after.applied.map(\.name), ["first", "second"])
        XCTAssertEqual(after.pending, [])
    }

    func testManyMigratorsAtOnceApplyEachOnce() async throws {
        let url = try XCTUnwrap(database).url
        let applied = try await withThrowingTaskGroup(of: [AppliedMigration].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let pool = try PostgresPool(url: url, size: 1)
                    let applied = try await Migrator(pool: pool, migrations: [Self.first, Self.second]).migrate()
                    await pool.close()
                    return applied
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        XCTAssertEqual(applied.map(\.number).sorted(), [1, 2])
    }

    func testAnEditedMigrationIsRefused() async throws {
        _ = try await Migrator(pool: pool, migrations: [Self.first]).migrate()
        let edited = Migration(1, "first", Array("CREATE TABLE a (n bigint)".utf8))
        let migrator = try Migrator(pool: pool, migrations: [edited, Self.second])
        await assertThrows(.migrationChanged) { try await migrator.migrate() }
        await assertThrows(.migrationChanged) { try await migrator.status() }
    }

    func testADatabaseNewerThanTheProgramIsRefused() async throws {
        _ = try await Migrator(pool: pool, migrations: [Self.first, Self.second]).migrate()
        let migrator = try Migrator(pool: pool, migrations: [Self.first])
        await assertThrows(.migrationNewer) { try await migrator.migrate() }
        await assertThrows(.migrationNewer) { try await migrator.status() }
    }

    func testAFailingMigrationLeavesNothingBehindAndIsNamed() async throws {
        let bad = Migration(2, "bad", Array("CREATE TABLE b (); SELECT 1 / 0".utf8))
        let migrator = try Migrator(pool: pool, migrations: [Self.first, bad])
        let error = await assertThrows(.server) { try await migrator.migrate() }
        XCTAssertTrue(try XCTUnwrap(error).message.hasPrefix("migration 2 (bad) failed: "))
        let row = try await pool.query("SELECT to_regclass('b') IS NULL AND to_regclass('a') IS NOT NULL").first
        XCTAssertEqual(try XCTUnwrap(row).decode(Bool.self), true)
    }
}
