import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Every type goes to the server and comes back as it was.
final class ValueTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws { database = try await TestDatabase.makeEmpty() }
    override func tearDown() async throws { await database?.drop() }

    func testScalarsComeBack() async throws {
        try await assertComesBack(true, false, sql: "SELECT $1::boolean")
        try await assertComesBack(Int16.min, 0, .max, sql: "SELECT $1::smallint")
        try await assertComesBack(Int32.min, 0, .max, sql: "SELECT $1::integer")
        try await assertComesBack(Int64.min, -1, .max, sql: "SELECT $1::bigint")
        try await assertComesBack(Int.min, 7, .max, sql: "SELECT $1::bigint")
        try await assertComesBack(
            0.1, -0.0, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
            sql: "SELECT $1::float8")
        try await assertComesBack("", "a'b\"c\\d\n\t", "Grüße, 世界 👋", "\\N", sql: "SELECT $1::text")
        try await assertComesBack(UUID(), sql: "SELECT $1::uuid")
        try await assertComesBack(
            Data(), Data([0, 255, 92, 120]), Data((0...255).map { UInt8($0) }), sql: "SELECT $1::bytea")
        let notANumber: Double = try await firstValue("SELECT $1::float8", [Double.nan])
        XCTAssertTrue(notANumber.isNaN)
    }

    func testOptionalsAndArraysComeBack() async throws {
        try await assertComesBack(String?.none, "x", sql: "SELECT $1::text")
        try await assertComesBack([Int64](), [1, -2, .max], sql: "SELECT $1::bigint[]")
        try await assertComesBack([true, false], sql: "SELECT $1::boolean[]")
        try await assertComesBack(["", "NULL", "a,b", "{\"x\\y\"}", " lead "], sql: "SELECT $1::text[]")
        try await assertComesBack([nil, "NULL", nil, ""] as [String?], sql: "SELECT $1::text[]")
        try await assertComesBack([UUID(), UUID()], sql: "SELECT $1::uuid[]")
        try await assertComesBack([Data([1, 2]), Data()], sql: "SELECT $1::bytea[]")
        try await assertComesBack([Date(timeIntervalSince1970: 1.5)], sql: "SELECT $1::timestamptz[]")
        try await assertComesBack([JSONText(#"{"a": [1, "\"{,}"]}"#)], sql: "SELECT $1::jsonb[]")
    }

    func testNumbersAndTextsAreReadInPlace() async throws {
        let rows = try await pool.query(
            "SELECT * FROM unnest($1::text[]) AS given (text)",
            [[nil, "0", "-0", "007", "9223372036854775807", "-9223372036854775808"] as [String?]])
        let numbers = try rows.map { try $0.integer(at: 0) }
        XCTAssertEqual(numbers, [nil, 0, 0, 7, .max, .min])
        XCTAssertEqual(try rows.map { try $0.text(at: 0) }.last, "-9223372036854775808")
        let wrong = ["", "-", "1.5", " 1", "+1", "1-", "9223372036854775808", "-9223372036854775809", "١"]
        for row in try await pool.query("SELECT * FROM unnest($1::text[]) AS given (text)", [wrong]) {
            let found = try row.text(at: 0) ?? ""
            XCTAssertThrowsError(try row.integer(at: 0), found) { error in
                XCTAssertEqual((error as? PostgresError)?.code, .decoding)
            }
            XCTAssertThrowsError(try row.text(at: 1))
        }
    }

    /// The server does the arithmetic here, so that both directions are checked against it and not against each other.
    func testTimestampsAreExactToTheMicrosecond() async throws {
        var generator = SystemRandomNumberGenerator()
        let edges: [Int64] = [
            0, -1, 1, 951_782_399_999_999, 951_782_400_000_000, 4_102_444_799_999_999, -62_135_596_800_000_000,
            -62_135_596_800_000_001, -99_999_999_999_999_999, 253_402_300_799_999_000,
        ]
        let random = (0..<500).map { _ in
            Int64.random(in: -2_000_000_000_000_000...4_000_000_000_000_000, using: &generator)
        }
        for microsecond in edges + random {
            let date = Date(timeIntervalSince1970: Double(microsecond) / 1_000_000)
            let row = try await pool.query(
                "SELECT (extract(epoch FROM $1::timestamptz) * 1000000)::bigint, $1::timestamptz", [date]
            ).first
            let (server, back) = try XCTUnwrap(row).decode(Int64.self, Date.self)
            if abs(microsecond) < 4_200_000_000_000_000 { XCTAssertEqual(server, microsecond) }
            XCTAssertEqual(back, date, "\(microsecond)")
        }
    }

    func testATimeThatPostgresCannotHoldIsRefused() async throws {
        let pool = try pool
        for seconds in [1e13, -1e13, 1e300, -.infinity, .nan] {
            do {
                _ = try await pool.query("SELECT $1::timestamptz", [Date(timeIntervalSince1970: seconds)])
                XCTFail("\(seconds) was taken")
            } catch {
                XCTAssertEqual(error.sqlState?.prefix(2), "22", "\(seconds)")
            }
        }
    }

    func testOffsetsOfOtherTimeZonesAreRead() {
        let noon = Date(timeIntervalSince1970: 1_767_268_800)
        for text in ["2026-01-01 12:00:00+00", "2026-01-01 08:30:00-03:30", "2026-01-01 17:53:28+05:53:28"] {
            XCTAssertEqual(Date(postgresText: text), noon, text)
        }
        for text in ["", "infinity", "2026-01-01", "2026-01-01 12:00:00", "2026-01-01 12:00:00+00 AD", "x"] {
            XCTAssertNil(Date(postgresText: text), text)
        }
    }

    func testJSONIsTextBothWays() async throws {
        let document: JSONText = try await firstValue("SELECT $1::jsonb", [JSONText(#"{"id":9007199254740993}"#)])
        XCTAssertEqual(document, JSONText(#"{"id": 9007199254740993}"#))
    }

    func testWhatCannotBeSentIsRefusedBeforeItIsSent() async throws {
        let pool = try pool
        await assertThrows(.encoding) { try await pool.query("SELECT $1::text", ["a\u{0}b"]) }
    }

    func testWrongDecodingNamesTheColumnAndNotTheValue() async throws {
        let row = try await pool.query("SELECT 'secret' AS name, NULL::text AS nothing").first
        let unwrapped = try XCTUnwrap(row)
        for attempt in [
            { _ = try unwrapped.decode("name", as: Int.self) },
            { _ = try unwrapped.decode("nothing", as: String.self) },
            { _ = try unwrapped.decode("other", as: String.self) }, { _ = try unwrapped.decode(String.self) },
        ] {
            XCTAssertThrowsError(try attempt()) { error in
                XCTAssertEqual((error as? PostgresError)?.code, .decoding)
                XCTAssertFalse("\(error)".contains("secret"))
            }
        }
    }

    private func firstValue<T: PostgresValue>(_ sql: SQL, _ values: [any PostgresValue]) async throws -> T {
        let row = try await pool.query(sql, values).first
        return try XCTUnwrap(row).decode(T.self)
    }

    private func assertComesBack<T: PostgresValue & Equatable>(
        _ values: T..., sql: SQL, line: UInt = #line
    ) async throws {
        for value in values {
            let back: T = try await firstValue(sql, [value])
            XCTAssertEqual(back, value, line: line)
        }
    }
}
