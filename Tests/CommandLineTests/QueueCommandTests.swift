import Foundation
import JSON
import JobQueue
import PostgresClient
import TestSupport
import XCTest

/// The operator's commands over the built binary: programs and people read what they print.
final class QueueCommandTests: XCTestCase {
    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws {
        let database = try await TestDatabase.make()
        self.database = database
        try await database.pool.execute(
            """
            WITH tenant AS (INSERT INTO tenants (name, title) VALUES ('acme', 'Acme') RETURNING id)
            INSERT INTO connections (tenant_id, name, system, account, settings)
            SELECT id, 'acme-hubspot', 'hubspot', '8112233', '{}' FROM tenant
            """)
        try await database.pool.execute(
            """
            INSERT INTO dead_jobs (
                id, stage, tenant_id, connection_id, lane, priority, valid_until, attempts, max_attempts, reason, payload,
                enqueued_at)
            SELECT nextval('job_ids'), 'write', 1, 1, i, 0, CASE WHEN i = 3 THEN now() END, 12, 12,
                   'contact ' || 150 + i || ' is gone', '{}', now()
            FROM generate_series(1, 3) AS i
            """)
    }

    override func tearDown() async throws { await database?.drop() }

    private func leadwright(_ words: String...) throws -> FinishedProgram {
        try BuiltCommand.run(words, environment: ["DATABASE_URL": try XCTUnwrap(database).url])
    }

    private func json(_ words: String...) throws -> JSONValue {
        let run = try BuiltCommand.run(
            words + ["--json"], environment: ["DATABASE_URL": try XCTUnwrap(database).url])
        XCTAssertEqual(run.status, 0, run.complaints)
        return try JSONValue(parsing: run.output)
    }

    func testDeadLettersAreShownAndBroughtBackOnce() throws {
        let dead = try json("queue", "dead", "--tenant", "acme")
        XCTAssertEqual(dead["count"], 3)
        XCTAssertEqual(dead["reason"], "contact … is gone")
        XCTAssertEqual(dead["example_job"], 3)
        let table = try leadwright("queue", "dead")
        XCTAssertTrue(table.output.contains("contact … is gone"), table.output)
        let one = try json("queue", "redrive", "--job", "1")
        XCTAssertEqual(one, ["redriven": 1, "stale": 0])
        let rest = try json("queue", "redrive", "--reason", "contact … is gone", "--stage", "write")
        XCTAssertEqual(rest, ["redriven": 1, "stale": 1])
        let again = try leadwright("queue", "redrive", "--all")
        XCTAssertEqual(again.output, "0 brought back; 1 stay dead because their time has passed\n")
        let missing = try leadwright("queue", "redrive", "--job", "1")
        XCTAssertEqual(missing.status, 1)
        XCTAssertTrue(missing.complaints.contains("not_found: job 1 is no dead letter"), missing.complaints)
    }

    func testRedrivingEverythingMustBeSaid() throws {
        for words in [[], ["--all", "--stage", "write"]] {
            let run = try BuiltCommand.run(
                ["queue", "redrive"] + words, environment: ["DATABASE_URL": try XCTUnwrap(database).url])
            XCTAssertEqual(run.status, 2)
            XCTAssertTrue(run.complaints.contains("say which: "), run.complaints)
        }
    }

    func testPausesAreSetShownAndEnded() throws {
        let scope = ["--tenant", "acme", "--crm", "hubspot", "--stage", "write"]
        let url = try XCTUnwrap(database).url
        func queue(_ verb: String) throws -> FinishedProgram {
            try BuiltCommand.run(["queue", verb] + scope, environment: ["DATABASE_URL": url])
        }
        XCTAssertEqual(try queue("pause").output, "paused: tenant acme, hubspot, stage write\n")
        XCTAssertEqual(try queue("pause").output, "was paused already: tenant acme, hubspot, stage write\n")
        let pauses = try json("queue", "status")["pauses"]
        XCTAssertEqual(pauses?[0]?["tenant"], "acme")
        XCTAssertEqual(pauses?[0]?["crm"], "hubspot")
        XCTAssertEqual(pauses?[0]?["stage"], "write")
        XCTAssertEqual(
            try queue("resume").output,
            "resumed: tenant acme, hubspot, stage write; 0 jobs that had been parked go on\n")
        let again = try queue("resume")
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(
            again.complaints.contains("not_found: tenant acme, hubspot, stage write is not paused"), again.complaints)
    }

    func testWhatDoesNotExistIsRefused() throws {
        let refusals: [([String], Int32, String)] = [
            (["queue", "pause", "--tenant", "nobody"], 1, "no tenant is called nobody"),
            (["queue", "dead", "--tenant", "nobody"], 1, "no tenant is called nobody"),
            (["queue", "pause", "--crm", "pipedrive"], 2, "there is no CRM \"pipedrive\" here"),
            (["queue", "dead", "--stage", "read"], 2, "there is no stage \"read\""),
            (["queue", "redrive", "--job", "first"], 2, "--job needs a number"),
            (["why"], 2, "name one lead"),
            (["why", "hubspot:8112233:contact:404"], 1, "missing: nothing is known about hubspot:8112233:contact:404"),
        ]
        for (words, status, complaint) in refusals {
            let run = try BuiltCommand.run(words, environment: ["DATABASE_URL": try XCTUnwrap(database).url])
            XCTAssertEqual(run.status, status, "\(words)")
            XCTAssertTrue(run.complaints.contains(complaint), "\(words): \(run.complaints)")
        }
    }

    func testStatusIsForPeopleAndForPrograms() async throws {
        let queue = JobQueue(pool: try pool, worker: "test")
        let daily = ObservedBudget(
            name: "daily", calls: 1000, interval: .seconds(86400), remaining: 7, observedAt: Date())
        try await queue.observe([daily], connection: 1)
        let status = try json("queue", "status")
        let jobs = status["jobs"]?[0]
        XCTAssertEqual(jobs?["tenant"], "acme")
        XCTAssertEqual(jobs?["crm"], "hubspot")
        XCTAssertEqual(jobs?["state"], "dead")
        XCTAssertEqual(jobs?["count"], 3)
        XCTAssertEqual(status["budgets"]?[0]?["connection"], "acme-hubspot")
        XCTAssertEqual(status["budgets"]?[0]?["limit"], "daily")
        XCTAssertEqual(status["budgets"]?[0]?["calls_left"], 7)
        XCTAssertEqual(status["tables"]?.array?.count, 6)
        XCTAssertEqual(status["oldest_snapshot"], .null)
        let text = try leadwright("queue", "status").output
        for line in [
            "tenant  crm      stage  ready  waiting  paused  behind  running  dead  oldest",
            "acme    hubspot  write      0        0       0       0        0     3",
            "acme-hubspot           7  1000  daily, in any 1 d", "nothing is paused", "nobody holds vacuum back",
        ] { XCTAssertTrue(text.contains(line), "\(line) is not in\n\(text)") }
    }

    func testALeadsStoryIsTold() async throws {
        try await pool.execute(
            """
            INSERT INTO events (
                tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, ignored, body)
            VALUES (1, 1, 1, 'unknown', 'contact', '151', 'hubspot:8112233:contact:151', now(), 'means nothing to us',
                    '{"value": "Mira"}')
            """)
        let story = try json("why", "151")
        XCTAssertEqual(story["lead"], "hubspot:8112233:contact:151")
        XCTAssertEqual(story["tenant"], "acme")
        let line = story["lines"]?[0]
        XCTAssertEqual(line?["subject"], "event")
        XCTAssertEqual(line?["text"], "unknown of contact:151, in delivery 1; nothing came of it: means nothing to us")
        XCTAssertEqual(line?["content"], .null)
        let text = try leadwright("why", "151").output
        XCTAssertTrue(text.hasPrefix("hubspot:8112233:contact:151, tenant acme\n"), text)
        XCTAssertFalse(text.contains("Mira"), text)
        let open = try leadwright("why", "--content", "151").output
        XCTAssertTrue(open.contains(#"{"value":"Mira"}"#), open)
    }

    func testADatabaseOfANewerVersionIsRefusedByEveryCommand() async throws {
        try await pool.execute("INSERT INTO schema_migrations (number, name, sha256) VALUES (9999, 'later', '')")
        for words in [["migrate"], ["queue", "status"], ["why", "151"], ["connect", "acme-hubspot"]] {
            let run = try BuiltCommand.run(words, environment: ["DATABASE_URL": try XCTUnwrap(database).url])
            XCTAssertEqual(run.status, 1, "\(words)")
            XCTAssertTrue(run.complaints.contains("migration_newer: "), "\(words): \(run.complaints)")
        }
    }
}
