import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Statements that fail, hang or are given up.
final class StatementTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws { database = try await TestDatabase.makeEmpty() }
    override func tearDown() async throws { await database?.drop() }

    func testTheSessionIsInUTCAndNamed() async throws {
        let row = try await pool.query(
            "SELECT current_setting('TimeZone'), current_setting('application_name'), current_setting('client_encoding')"
        ).first
        let (zone, name, encoding) = try XCTUnwrap(row).decode(String.self, String.self, String.self)
        XCTAssertEqual([zone, name, encoding], ["UTC", "leadwright", "UTF8"])
    }

    func testExecuteCountsRows() async throws {
        try await pool.execute("CREATE TABLE t (n integer)")
        let inserted = try await pool.execute("INSERT INTO t SELECT generate_series(1, $1)", [7])
        XCTAssertEqual(inserted, 7)
        let deleted = try await pool.execute("DELETE FROM t WHERE n = ANY($1)", [[1, 2, 99] as [Int64]])
        XCTAssertEqual(deleted, 2)
    }

    func testAStatementThatTakesTooLongIsStoppedOnTheServerToo() async throws {
        let pool = try pool
        let start = ContinuousClock.now
        await assertThrows(.timeout) { try await pool.query("SELECT pg_sleep(60)", timeout: .milliseconds(100)) }
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(5))
        try await assertNobodySleeps()
    }

    func testACancelledTaskStopsItsStatement() async throws {
        let pool = try pool
        let task = Task { try await pool.query("SELECT pg_sleep(60)") }
        try await eventually { try await pool.query(Self.sleepers).count == 1 }
        task.cancel()
        await assertThrows(.cancelled) { try await task.value }
        try await assertNobodySleeps()
        let row = try await pool.query("SELECT 1").first
        XCTAssertEqual(try XCTUnwrap(row).decode(Int.self), 1)
    }

    func testCancellingOneTaskLeavesTheNextStatementOnItsConnectionAlone() async throws {
        let pool = try pool
        try await pool.withConnection { connection in
            let first = Task { try await connection.query("SELECT pg_sleep(0.2)") }
            try await eventually { try await pool.query(Self.sleepers).count == 1 }
            let second = Task { try await connection.query("SELECT 1") }
            second.cancel()
            await assertThrows(.cancelled) { try await second.value }
            _ = try await first.value
        }
    }

    /// On two cores, two threads of the cooperative pool that blocked would need four times as long.
    func testWaitingForTheServerBlocksNobodyElse() async throws {
        let pool = try pool
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await pool.execute("SELECT pg_sleep(1)") } }
            try await group.waitForAll()
        }
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(3))
    }

    func testErrorsNameTheConstraintAndNeverTheValue() async throws {
        let pool = try pool
        try await pool.execute(
            "CREATE TABLE people (email text CONSTRAINT one_each UNIQUE CHECK (email <> 'x'), n bigint)")
        try await pool.execute("INSERT INTO people VALUES ($1)", ["ann@example.com"])
        let unique = await assertThrows(.uniqueViolation) {
            try await pool.execute("INSERT INTO people VALUES ($1)", ["ann@example.com"])
        }
        XCTAssertEqual(unique?.constraint, "one_each")
        XCTAssertEqual(unique?.sqlState, "23505")
        let check = await assertThrows(.checkViolation) { try await pool.execute("INSERT INTO people VALUES ('x')") }
        let form = await assertThrows(.server) {
            try await pool.execute("INSERT INTO people (n) VALUES ($1)", ["ann@example.com"])
        }
        XCTAssertEqual(form?.sqlState, "22P02")
        for error in [unique, check, form] {
            let text = try XCTUnwrap(error).description
            XCTAssertFalse(text.contains("ann"), text)
        }
    }

    func testASyntaxErrorIsTheServersAndTheConnectionStays() async throws {
        let pool = try pool
        let error = await assertThrows(.server) { try await pool.query("SELEC 1") }
        XCTAssertEqual(error?.sqlState, "42601")
        XCTAssertEqual(error?.isUnavailable, false)
    }

    private static let sleepers: SQL = """
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg\\_sleep%'
        """

    private func assertNobodySleeps() async throws {
        let pool = try pool
        try await eventually { try await pool.query(Self.sleepers).isEmpty }
    }
}
