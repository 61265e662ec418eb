import Foundation
import Pipeline
import PostgresClient
import TestSupport
import XCTest

/// The statements about stories read no history from end to end.
final class StoryPlanTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    /// 20,000 leads with an event, a delivery, a generation and a suppression each.
    override func setUp() async throws {
        let database = try await TestDatabase.make()
        self.database = database
        let script: [SQL] = [
            "INSERT INTO tenants (name, title) SELECT 'tenant-' || i, '' FROM generate_series(1, 2000) AS i",
            """
            INSERT INTO connections (tenant_id, name, system, account, settings)
            SELECT id, name, 'hubspot', id, '{}' FROM tenants
            """,
            """
            INSERT INTO leads (tenant_id, connection_id, key, object_type, object_id)
            SELECT 1, 1, 'hubspot:1:contact:' || i, 'contact', i FROM generate_series(1, 20000) AS i
            """,
            """
            INSERT INTO deliveries (connection_id, content_type, body, events, duplicates)
            SELECT 1, '', '', 1, 0 FROM leads
            """,
            """
            INSERT INTO events (
                tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, body)
            SELECT 1, 1, id, 'lead.created', 'contact', object_id, key, now(), '{}' FROM leads
            """,
            """
            INSERT INTO generations (
                tenant_id, connection_id, lead_id, event_id, playbook, playbook_version, kind, stage, arm, seed, record)
            SELECT 1, 1, id, id, 'p', 1, 'k', 'lead', 'treatment', 1, '{}' FROM leads
            """,
            """
            INSERT INTO write_backs (generation_id, target, connection_id, fingerprint)
            SELECT id, 't', 1, '' FROM generations
            """,
            """
            INSERT INTO suppressions (tenant_id, lead_id, event_id, playbook, reason, detail, stage)
            SELECT 1, id, id, 'p', 'gone', '', 'write' FROM leads
            """,
            """
            INSERT INTO outcomes (tenant_id, lead_id, event_id, kind, occurred_at)
            SELECT 1, id, id, 'email.opened', now() FROM leads
            """,
            """
            INSERT INTO assignments (tenant_id, experiment, lead_id, arm, probability)
            SELECT 1, 'e' || id % 2, id, 'treatment', 0.5 FROM leads
            """,
            "INSERT INTO erasures (connection_id, lead_hash) SELECT 1, sha256(key::bytea) FROM leads",
            """
            INSERT INTO declarations (tenant_id, kind, name, version, body, sha256)
            SELECT id, 'playbook', 'p' || i, 1, '{}', '' FROM tenants, generate_series(1, 5) AS i
            """,
            "ANALYZE",
        ]
        for statement in script { try await database.pool.execute(statement) }
    }

    override func tearDown() async throws { await database?.drop() }

    func testEveryStatementWalksTheIndexesItNames() async throws {
        let ids: [Int64] = [1, 2, 3]
        try await assertPlan(StoryStatement.findLeads, [["a", "b"]])
        try await assertPlan(StoryStatement.findLeadOfGeneration, [UUID()])
        try await assertPlan(StoryStatement.findErasures, [ids, [Data(), Data(), Data()]])
        try await assertPlan(StoryStatement.selectNames, [ids, ids])
        try await assertPlan(StoryStatement.playbookNames, [1])
        try await assertPlan(StoryStatement.lead, ["a"])
        try await assertPlan(StoryStatement.events, ["a"])
        try await assertPlan(StoryStatement.deliveries, [ids])
        try await assertPlan(StoryStatement.assignments, [1, 2])
        try await assertPlan(StoryStatement.suppressions, [ids, 1])
        try await assertPlan(StoryStatement.generations, [1])
        try await assertPlan(StoryStatement.writeBacks, [[UUID()]])
        try await assertPlan(StoryStatement.outcomes, [ids, 1])
    }

    private func assertPlan(
        _ statement: SQL, _ values: [any PostgresValue], file: StaticString = #filePath, line: UInt = #line
    ) async throws {
        let rows = try await pool.query(SQL(assembled: "EXPLAIN " + statement.text), values)
        let plan = try rows.map { try $0.decode(String.self) }.joined(separator: "\n")
        let comment = statement.text.split(separator: "\n").prefix { $0.hasPrefix("--") }.joined(separator: " ")
        let named = comment.matches(of: /[a-z_]+_(pkey|key|by_lead)/).map { String($0.0) }
        for index in named {
            let names = try await [index] + partitions(of: index)
            XCTAssertTrue(
                names.contains { plan.contains(" \($0) on ") || plan.contains("Bitmap Index Scan on \($0) ") },
                "\(index) is not used:\n\(plan)", file: file, line: line)
        }
        // Partitions without rows are read as they are.
        for table in ["leads", "generations", "write_backs", "suppressions", "outcomes", "assignments", "erasures"] {
            XCTAssertFalse(plan.contains("Seq Scan on \(table) "), plan, file: file, line: line)
        }
    }

    /// The indexes that an index of a partitioned table has in the partitions.
    private func partitions(of index: String) async throws -> [String] {
        try await pool.query(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass($1)", [index]
        ).map { try $0.decode(String.self) }
    }
}
