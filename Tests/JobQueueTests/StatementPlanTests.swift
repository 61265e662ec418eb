import Foundation
import JobQueue
import PostgresClient
import TestSupport
import XCTest

/// Each statement walks the indexes that its first comment names, and reads no table from end to end.
final class StatementPlanTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    /// 50,000 jobs in all states: enough that reading a whole table costs more than any index.
    override func setUp() async throws {
        let database = try await TestDatabase.make()
        self.database = database
        try await database.pool.execute(
            """
            INSERT INTO jobs (
                lane, id, turn, tenant_id, connection_id, run_at, enqueued_at, priority, attempt, max_attempts, stage, payload)
            SELECT i, i, CASE WHEN i % 60 <> 1 THEN i END, i % 50, i % 60, now(), now(), 0, 1, 12, (ARRAY['understand', 'generate', 'write'])[1 + i % 3], '{}'
            FROM generate_series(1, 50000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO jobs_behind (
                lane, id, tenant_id, connection_id, run_at, enqueued_at, priority, max_attempts, stage, payload)
            SELECT i % 5000, 100000 + i, 1, 1, now(), now(), 0, 12, 'write', '{}' FROM generate_series(1, 50000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO leases (token, stage, priority, turn, leased_until, worker, lanes, jobs)
            SELECT i, (ARRAY['understand', 'generate', 'write'])[1 + i % 3], 0, i,
                   now() + interval '30 s' * (i % 100), 'w', ARRAY[i], ARRAY[i]
            FROM generate_series(1, 50000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO call_limits (
                connection_id, observation, name, calls, seconds, remaining, observed_at, reserved, noted_at)
            SELECT i / 2, 1, (ARRAY['burst', 'daily'])[1 + i % 2], 100, 10, 50, now(), 0, now()
            FROM generate_series(1, 5000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO call_ledger (connection_id, at, calls, calls_so_far, observation)
            SELECT i / 10, now() + interval '1 s' * (i % 10), 1, i % 10, 1 FROM generate_series(1, 20000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO dead_jobs (
                id, lane, tenant_id, connection_id, priority, attempts, max_attempts, reason, stage, payload, enqueued_at)
            SELECT i, i, i % 50, 1, 0, 12, 12, 'x', 'write', '{}', now() FROM generate_series(1, 20000) AS i
            """)
        try await database.pool.execute(
            """
            INSERT INTO job_history (
                job_id, lane, tenant_id, connection_id, attempts, outcome, stage, payload, enqueued_at, finished_at)
            SELECT i, i, i % 50, 1, 12, 'done', 'write', '{}', now(), now() FROM generate_series(1, 20000) AS i
            """)
        try await database.pool.execute(
            "INSERT INTO tenants (name, title) SELECT 'tenant-' || i, '' FROM generate_series(1, 5000) AS i")
        try await database.pool.execute(
            """
            INSERT INTO connections (tenant_id, name, system, account, settings)
            SELECT id, name, 'hubspot', '', '{}' FROM tenants
            """)
        try await database.pool.execute(
            """
            ANALYZE jobs, jobs_behind, leases, call_ledger, call_limits, dead_jobs, job_history, tenants, connections
            """)
    }

    override func tearDown() async throws { await database?.drop() }

    func testEveryStatementWalksTheIndexesItNames() async throws {
        let ids: [Int64] = [1, 2, 3]
        let now = Date?.none
        try await assertPlan(Statement.claim, ["write", 100, "w", 30.0, now, [0, 0, 0] as [Int64], ids, 1, 100])
        try await assertPlan(Statement.park, [ids, ids, ids, [1, 2, 3] as [Double], now])
        try await assertPlan(Statement.forget, [ids])
        try await assertPlan(
            Statement.observe,
            [1, ["burst"], [100], [10] as [Double], [50], [Date()], now])
        try await assertPlan(Statement.admit, ["write", 100, now, Date.distantPast])
        try await assertPlan(Statement.rescue, [100, now])
        let places = ["(0,1)", "(0,2)", "(0,3)"]
        try await assertPlan(Statement.finish, [places, ids, 3, 1, ids, "done", String?.none])
        try await assertPlan(Statement.bury, [1, 2, 3, 1, 4, "x"])
        try await assertPlan(Statement.advance, [ids, ids, ids, ids, 1, "done", String?.none, now])
        try await assertPlan(Statement.reschedule, [ids, ids, ids, ids, 1, 1.5, "x", now])
        try await assertPlan(Statement.extend, [ids, 30.0, now])
        try await assertPlan(Statement.budgets, [now])
        try await assertPlan(Statement.findTenant, ["acme"])
        try await assertPlan(Statement.unpark, [100, now])
        try await assertPlan(Statement.exhume, [0, Int64.max, Int64?.none, String?.none, String?.none, 100, now])
        try await assertPlan(Statement.trace, [["a", "b"]], bitmaps: true)
    }

    /// A table of a page is cheaper to read whole, but a plan lives for ten seconds, in which a thousand more may come.
    func testTheyWalkThemAlsoWhereTheTablesAreEmpty() async throws {
        try await pool.execute(
            """
            TRUNCATE jobs, jobs_behind, leases, call_limits, call_ledger, dead_jobs, job_history, tenants, connections
            CASCADE
            """)
        try await pool.execute(
            "ANALYZE jobs, jobs_behind, leases, call_ledger, call_limits, dead_jobs, job_history, tenants, connections")
        try await testEveryStatementWalksTheIndexesItNames()
        try await testTheFunctionsWalkTheIndexesTheyName()
    }

    /// A plan shows nothing of the functions that it calls, so those are planned alone.
    func testTheFunctionsWalkTheIndexesTheyName() async throws {
        try await assertPlan(
            function: "queue_turns", ["of_stage": "'write'", "of_priority": "0::smallint", "of_tenant": "7"],
            walks: ["leases_clock", "jobs_by_tenant"])
        try await assertPlan(
            function: "calls_left", ["of_connection": "7", "moment": "now()"],
            walks: ["call_ledger_pkey", "call_limits_pkey"])
    }

    /// Before the first analysis both of the table's indexes with turns look equally short, and by jobs_ready an enqueue
    /// would pass the jobs of all tenants.
    func testOnlyTheTenantsIndexLeadsToALastTurn() async throws {
        try await pool.execute("DROP INDEX jobs_by_tenant")
        let rows = try await pool.query(
            """
            EXPLAIN SELECT turn FROM jobs
            WHERE tenant_id = 7 AND stage = 'write' AND priority = 0 AND coalesce(turn, 0) > 5
            ORDER BY coalesce(turn, 0) DESC LIMIT 1
            """)
        let plan = try rows.map { try $0.decode(String.self) }.joined(separator: "\n")
        XCTAssertFalse(plan.contains(" using "), plan)
    }

    /// As under a snapshot that somebody holds: the tables are almost all dead rows, and statistics know the others.
    func testTheFewRowsAliveAreFoundByTheirIndexes() async throws {
        let ids: [Int64] = [1, 2, 3]
        let now = Date?.none
        try await pool.execute("DELETE FROM leases WHERE token < 49999")
        try await pool.execute("DELETE FROM call_ledger WHERE connection_id < 1999")
        try await pool.execute("DELETE FROM call_limits WHERE connection_id < 2499")
        try await pool.execute("ANALYZE leases, call_ledger, call_limits")
        let statements: [(SQL, [any PostgresValue])] = [
            (Statement.claim, ["write", 100, "w", 30.0, now, [0, 0, 0] as [Int64], ids, 1, 100]),
            (Statement.forget, [ids]),
            (Statement.rescue, [100, now]),
            (Statement.finish, [["(0,1)"], ids, 3, 1, ids, "done", String?.none]),
            (Statement.advance, [ids, ids, ids, ids, 1, "done", String?.none, now]),
            (Statement.extend, [ids, 30.0, now]),
            (Statement.observe, [1, ["burst"], [100], [10] as [Double], [50], [Date()], now]),
        ]
        for (statement, values) in statements {
            try await assertPlan(statement, values, alsoNotReading: ["leases", "call_ledger", "call_limits"])
        }
        try await testTheFunctionsWalkTheIndexesTheyName()
    }

    private func assertPlan(
        function: String, _ arguments: [String: String], walks indexes: [String], file: StaticString = #filePath,
        line: UInt = #line
    ) async throws {
        let rows = try await pool.query("SELECT prosrc FROM pg_proc WHERE proname = $1", [function])
        var body = try XCTUnwrap(rows.first, file: file, line: line).decode(String.self)
        for (name, value) in arguments { body = body.replacingOccurrences(of: name, with: value) }
        try await assertPlan(body, [], walks: indexes, file: file, line: line)
    }

    private func assertPlan(
        _ statement: SQL, _ values: [any PostgresValue], bitmaps: Bool = false, alsoNotReading tables: [String] = [],
        file: StaticString = #filePath, line: UInt = #line
    ) async throws {
        let comment = try XCTUnwrap(statement.text.split(separator: "\n").first, file: file, line: line)
        let names = try XCTUnwrap(comment.wholeMatch(of: /-- Indexes: (.+)\./)?.1, file: file, line: line)
        let indexes = names.prefix { $0 != ";" }.split(separator: ", ").filter {
            !$0.hasPrefix("and those of ") && $0 != "none"
        }
        try await assertPlan(
            statement.text, values, walks: indexes.map(String.init), bitmaps: bitmaps, alsoNotReading: tables,
            file: file,
            line: line)
    }

    private func assertPlan(
        _ statement: String, _ values: [any PostgresValue], walks indexes: [String], bitmaps: Bool = false,
        alsoNotReading tables: [String] = [], file: StaticString, line: UInt
    ) async throws {
        let answers = try await pool.query([
            BoundStatement("SELECT set_config('enable_bitmapscan', $1, true)", [bitmaps]),
            BoundStatement(SQL(assembled: "EXPLAIN " + statement), values),
        ])
        let plan = try answers[1].map { try $0.decode(String.self) }.joined(separator: "\n")
        for index in indexes {
            let names = try await [index] + partitions(of: index)
            let isUsed = names.contains {
                plan.contains(" using \($0) ") || plan.contains("Bitmap Index Scan on \($0) ")
            }
            XCTAssertTrue(isUsed, "\(index) is not used:\n\(plan)", file: file, line: line)
        }
        for table in ["jobs"] + tables {
            XCTAssertFalse(
                plan.contains("Seq Scan on \(table)"), "the whole table is read:\n\(plan)", file: file, line: line)
        }
    }

    /// The indexes that an index of a partitioned table has in the partitions.
    private func partitions(of index: String) async throws -> [String] {
        try await pool.query(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass($1)", [index]
        ).map { try $0.decode(String.self) }
    }
}
