import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Rows streamed in.
final class CopyTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws {
        let database = try await TestDatabase.makeEmpty()
        self.database = database
        try await database.pool.execute("CREATE TABLE t (n bigint CHECK (n >= 0), text text, bytes bytea)")
    }

    override func tearDown() async throws { await database?.drop() }

    func testManyRowsArriveAsTheyWere() async throws {
        let pool = try pool
        let count = try await pool.withConnection { connection in
            let rows = (0..<100_000).lazy.map { [$0, "row \($0)", Data([UInt8($0 % 256)])] as [any PostgresValue] }
            return try await connection.copyIn("COPY t FROM STDIN", rows: rows)
        }
        XCTAssertEqual(count, 100_000)
        let row = try await pool.query(
            "SELECT sum(n)::bigint, count(DISTINCT text), bool_and(get_byte(bytes, 0) = n % 256) FROM t"
        ).first
        let (sum, texts, same) = try XCTUnwrap(row).decode(Int64.self, Int.self, Bool.self)
        XCTAssertEqual(sum, 4_999_950_000)
        XCTAssertEqual(texts, 100_000)
        XCTAssertTrue(same)
    }

    func testMisleadingTextsArrive() async throws {
        let pool = try pool
        let texts = ["", "\\N", "\\.", "a\tb\nc\rd", "back\\slash", "Grüße", nil]
        let rows = texts.enumerated().map { [$0.offset, $0.element, Data?.none] as [any PostgresValue] }
        try await pool.withConnection { try await $0.copyIn("COPY t FROM STDIN", rows: rows) }
        let back = try await pool.query("SELECT text FROM t ORDER BY n").map { try $0.decode(String?.self) }
        XCTAssertEqual(back, texts)
    }

    func testOneBadRowTakesNoneAndTheConnectionStays() async throws {
        let pool = try pool
        try await pool.withConnection { connection in
            let bad = (0..<5000).map { [$0 == 4999 ? -1 : $0, "x", Data?.none] as [any PostgresValue] }
            await assertThrows(.checkViolation) { try await connection.copyIn("COPY t FROM STDIN", rows: bad) }
            let unsendable: [[any PostgresValue]] = [[1, "x", Data?.none], [2, "a\u{0}b", Data?.none]]
            await assertThrows(.encoding) { try await connection.copyIn("COPY t FROM STDIN", rows: unsendable) }
            await assertThrows(.server) { try await connection.copyIn("COPY nowhere FROM STDIN", rows: bad) }
            let count = try await connection.query("SELECT FROM t").count
            XCTAssertEqual(count, 0)
        }
    }
}
