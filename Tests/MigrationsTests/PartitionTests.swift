import Foundation
import PostgresClient
import TestSupport
import XCTest

/// The weekly partitions of the history tables.
final class PartitionTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws { database = try await TestDatabase.make() }
    override func tearDown() async throws { await database?.drop() }

    /// Years have 52 or 53 weeks, and days that belong to a week of the year before or after.
    func testRowsLieInTheirISOWeekOverTheNewYears() async throws {
        let pool = try pool
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let now = Date()
        try await pool.execute("SELECT create_partitions($1)", [now + 800 * 86400])
        let year = calendar.component(.year, from: now)
        for newYear in (year + 1...year + 2).compactMap({ calendar.date(from: DateComponents(year: $0)) }) {
            for second in stride(from: -7.5 * 86400, through: 7.5 * 86400, by: 43200) {
                let time = newYear + second
                let week = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: time)
                let (weekYear, number) = (try XCTUnwrap(week.yearForWeekOfYear), try XCTUnwrap(week.weekOfYear))
                let row = try await pool.query(
                    """
                    INSERT INTO events (received_at, tenant_id, connection_id, delivery_id, kind, object_type, object_id,
                                        occurred_at, body)
                    VALUES ($1, 1, 1, 1, 'lead.created', 'contact', '1', $1, '{}') RETURNING tableoid::regclass::text
                    """, [time]
                ).first
                let table: String = try XCTUnwrap(row).decode(String.self)
                XCTAssertEqual(table, "events_\(weekYear)w\(number < 10 ? "0" : "")\(number)", "\(time)")
            }
        }
    }

    func testRunningItAgainOrAtOnceMakesNothingTwice() async throws {
        let pool = try pool
        let through = Date() + 70 * 86400
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await pool.query("SELECT create_partitions($1)", [through]).first?.decode(Int.self) ?? 0
                }
            }
            return try await group.reduce(0, +)
        }
        // The migration made five of the eleven weeks.
        let missing = try await pool.query(
            """
            SELECT count(*) FROM pg_inherits
            WHERE inhparent IN ('deliveries'::regclass, 'events'::regclass, 'job_history'::regclass)
            """
        ).first
        XCTAssertEqual(try XCTUnwrap(missing).decode(Int.self), 3 * (1 + 11))
        XCTAssertEqual(made, 3 * (11 - 5))
    }

    func testSessionsInOtherTimeZonesMakeTheSameWeeks() async throws {
        let pool = try pool
        try await pool.transaction { connection in
            try await connection.execute("SET LOCAL TimeZone = 'Europe/Berlin'")
            try await connection.execute("SELECT create_partitions(now() + interval '1 year')")
        }
        let bounds = try await pool.query(
            """
            SELECT pg_get_expr(relpartbound, oid) FROM pg_class
            WHERE relispartition AND relname LIKE 'events\\_2%' AND relkind = 'r'
            """)
        XCTAssertGreaterThan(bounds.count, 50)
        for row in bounds {
            let text = try row.decode(String.self)
            XCTAssertEqual(text.split(separator: " 00:00:00+00'").count, 3, text)
        }
    }

    /// A row from a clock far ahead must not stop the partitions of all other weeks.
    func testARowInTheDefaultPartitionKeepsOnlyItsOwnWeek() async throws {
        let pool = try pool
        try await pool.execute(
            """
            INSERT INTO job_history (job_id, finished_at, stage, tenant_id, connection_id, lane, outcome, attempts,
                                     payload, enqueued_at)
            VALUES (1, now() + interval '49 days', 'write', 1, 1, 1, 'done', 1, '{}', now())
            """)
        let row = try await pool.query("SELECT create_partitions(now() + interval '70 days')").first
        let made = try XCTUnwrap(row).decode(Int.self)
        XCTAssertEqual(made, 3 * (11 - 5) - 1)
    }
}
