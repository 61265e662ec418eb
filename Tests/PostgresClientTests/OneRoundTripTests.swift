import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Statements that are sent together.
final class OneRoundTripTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }
    private let insert: SQL = "INSERT INTO t VALUES ($1) RETURNING n"

    override func setUp() async throws {
        let database = try await TestDatabase.makeEmpty()
        self.database = database
        try await database.pool.execute("CREATE TABLE t (n bigint PRIMARY KEY)")
    }

    override func tearDown() async throws { await database?.drop() }

    private func numbers() async throws -> [Int] {
        try await pool.query("SELECT n FROM t ORDER BY n").map { try $0.decode(Int.self) }
    }

    func testTheRowsOfEachComeBack() async throws {
        // More than twice, so that they are prepared.
        for number in 0..<4 {
            let rows = try await pool.query([
                BoundStatement(insert, [number]), BoundStatement("SELECT n FROM t WHERE n < $1 ORDER BY n", [number]),
            ])
            XCTAssertEqual(try rows[0].map { try $0.decode(Int.self) }, [number])
            XCTAssertEqual(try rows[1].map { try $0.decode(Int.self) }, Array(0..<number))
        }
    }

    func testTheyAreOneTransaction() async throws {
        for _ in 0..<3 {
            await assertThrows(.uniqueViolation) {
                _ = try await pool.query([
                    BoundStatement(insert, [1]), BoundStatement(insert, [1]), BoundStatement(insert, [2]),
                ])
            }
        }
        let left = try await numbers()
        XCTAssertEqual(left, [])
    }

    func testEachSeesWhatWasCommittedBeforeItBegan() async throws {
        let pool = try pool
        let waiting = try await pool.transaction { [insert] holder in
            _ = try await holder.query("SELECT pg_advisory_xact_lock(7)")
            try await holder.execute(insert, [5])
            let waiting = Task {
                try await pool.query([
                    BoundStatement("SELECT pg_advisory_xact_lock(7)"), BoundStatement("SELECT n FROM t"),
                ])
            }
            try await eventually {
                try await !pool.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").isEmpty
            }
            return waiting
        }
        let seen = try await waiting.value[1].map { try $0.decode(Int.self) }
        XCTAssertEqual(seen, [5])
    }

    func testInATransactionTheyArePartOfIt() async throws {
        struct Failure: Error {}
        do {
            try await pool.transaction { [insert] connection in
                _ = try await connection.query([BoundStatement(insert, [1]), BoundStatement(insert, [2])])
                throw Failure()
            }
        } catch is Failure {}
        let left = try await numbers()
        XCTAssertEqual(left, [])
    }

    func testATimeoutCostsTheConnectionAndNoMore() async throws {
        await assertThrows(.timeout) {
            _ = try await pool.query(
                [BoundStatement(insert, [1]), BoundStatement("SELECT pg_sleep(60)")], timeout: .milliseconds(100))
        }
        let left = try await numbers()
        XCTAssertEqual(left, [])
    }
}
