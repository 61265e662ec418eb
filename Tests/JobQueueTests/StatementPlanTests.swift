import Foundation
import JobQueue
import PostgresClient
import TestSupport
import XCTest

/// Each statement walks the indexes that its first comment names, and reads no table from end to end.
final class StatementPlanTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    /// 50,000 jobs in all states: enough that reading the whole table costs more than any index.
    override func setUp() async throws {
        let database = try await TestDatabase.make()
        self.database = database
        try await database.pool.execute(
            """
            INSERT INTO jobs (stage, tenant_id, connection_id, lane, state, attempt, token, leased_until, worker, payload)
            SELECT (ARRAY['understand', 'generate', 'write'])[1 + i % 3], i % 50, i % 60, i % 20000,
                   CASE WHEN i % 50 = 0 THEN 'running' WHEN i % 60 = 1 THEN 'dead' ELSE 'ready' END, 1,
                   CASE WHEN i % 50 = 0 THEN i END, CASE WHEN i % 50 = 0 THEN now() + interval '30 s' END, 'w', '{}'
            FROM generate_series(1, 50000) AS i
            """)
        try await database.pool.execute("ANALYZE jobs")
    }

    override func tearDown() async throws { await database?.drop() }

    func testEveryStatementWalksTheIndexesItNames() async throws {
        let ids: [Int64] = [1, 2, 3]
        try await assertPlan(Statement.claim, ["write", 100, "w", 30.0, Date?.none])
        try await assertPlan(Statement.finish, [ids, ids, "done", String?.none])
        try await assertPlan(Statement.reschedule, [1, 1, 1.5, 0, "x", Date?.none])
        try await assertPlan(Statement.bury, [1, 1, "x"])
        try await assertPlan(Statement.release, [ids, ids])
        try await assertPlan(Statement.extend, [ids, ids, 30.0, Date?.none])
    }

    private func assertPlan(
        _ statement: SQL, _ values: [any PostgresValue], file: StaticString = #filePath, line: UInt = #line
    ) async throws {
        let comment = try XCTUnwrap(statement.text.split(separator: "\n").first, file: file, line: line)
        let names = try XCTUnwrap(comment.wholeMatch(of: /-- Indexes: (.+)\./)?.1, file: file, line: line)
        let rows = try await pool.query(SQL(assembled: "EXPLAIN " + statement.text), values)
        let plan = try rows.map { try $0.decode(String.self) }.joined(separator: "\n")
        for index in names.split(separator: ", ") {
            XCTAssertTrue(plan.contains(" using \(index) "), "\(index) is not used:\n\(plan)", file: file, line: line)
        }
        XCTAssertFalse(plan.contains("Seq Scan on jobs"), "the whole table is read:\n\(plan)", file: file, line: line)
    }
}
