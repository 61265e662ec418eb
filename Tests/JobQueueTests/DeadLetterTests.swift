import Foundation
import JSON
import JobQueue
import PostgresClient
import XCTest

/// Dead letters by their reasons, and bringing them back.
final class DeadLetterTests: XCTestCase {
    private var fixture: QueueFixture?
    private var queue: QueueFixture { get throws { try XCTUnwrap(fixture) } }

    override func setUp() async throws {
        let fixture = try await QueueFixture.make()
        try await fixture.declare(["acme": "hubspot", "brine": "salesforce"])
        self.fixture = fixture
    }

    override func tearDown() async throws { await fixture?.drop() }

    /// Enqueues a job and lets it die.
    private func die(_ job: NewJob, _ reason: String) async throws -> Int64 {
        let queue = try queue
        let id = try await queue.enqueue(job)
        try await queue.queue.bury(queue.claimOne(), reason: reason)
        return id[0]
    }

    func testReasonsThatDifferInNumbersAndIdsAreOne() async throws {
        let queue = try queue
        let newest = try await [
            die(queue.job("a"), "contact 151: property \"stage_x\" was 3 characters too long"),
            die(queue.job("b"), "contact 99: property \"stage_x\" was 12 characters too long"),
            die(queue.job("c", tenant: 2), "contact 7: property \"stage_y\" was 12 characters too long"),
        ]
        let all = try await queue.queue.deadLetters()
        XCTAssertEqual(all.map(\.count), [2, 1])
        XCTAssertEqual(all[0].reason, "contact …: property \"stage_x\" was … characters too long")
        XCTAssertEqual(all[0].example, newest[1])
        XCTAssertEqual(all[0].stage, "write")
        XCTAssertLessThan(all[0].first, all[0].last)
        let brine = try await queue.queue.deadLetters(tenant: "brine")
        XCTAssertEqual(brine.map(\.example), [newest[2]])
        let generate = try await queue.queue.deadLetters(stage: "generate")
        XCTAssertEqual(generate, [])
    }

    func testAPatternLeavesOutWhatDiffersAndKeepsWhatNamesTheProblem() async throws {
        let patterns = [
            "the lead's record in generation 0b5e3f0c-9a6a-4f0e-8d7d-0d3a1f2b4c5d cannot be read":
                "the lead's record in generation … cannot be read",
            "INVALID_FIELD: 00Q7Q00000PubLUAS2 at 2026-11-25 18:53:00.5+00": "INVALID_FIELD: … at …",
            "attempt 12, the last one, failed: unauthorized: 401": "attempt …, the last one, failed: unauthorized: …",
            "leadwright_nurture_email_v2 is read-only": "leadwright_nurture_email_v… is read-only",
            "nothing to leave out, internationalisation": "nothing to leave out, internationalisation",
        ]
        for (reason, pattern) in patterns {
            let row = try await queue.pool.query("SELECT reason_pattern($1)", [reason]).first
            XCTAssertEqual(try XCTUnwrap(row).decode(String.self), pattern)
        }
    }

    func testWhatIsBroughtBackGoesToTheEndOfItsLaneWithAllItsAttempts() async throws {
        let queue = try queue
        let validUntil = queue.clock.now + 100
        let dead = try await die(
            queue.job("a", priority: .urgent, validUntil: validUntil, maxAttempts: 3, payload: ["event": 7]), "no")
        let waiting = try await queue.enqueue(queue.job("a"))
        let redrive = try await queue.queue.redrive(DeadLetterFilter(job: dead))
        let new = try XCTUnwrap(redrive.jobs[dead])
        XCTAssertGreaterThan(new, waiting[0])
        let gone = try await queue.state(dead)
        XCTAssertNil(gone)
        let first = try await queue.claimOne()
        XCTAssertEqual(first.id, waiting[0])
        try await queue.finish([first])
        let second = try await queue.claimOne()
        XCTAssertEqual(second.id, new)
        XCTAssertEqual([second.attempt, second.maxAttempts], [1, 3])
        XCTAssertEqual(second.payload, ["event": 7])
        XCTAssertEqual(second.lane, first.lane)
        let row = try await queue.pool.query("SELECT valid_until, priority FROM jobs WHERE id = $1", [new]).first
        let (kept, priority) = try XCTUnwrap(row).decode(Date.self, Int.self)
        XCTAssertEqual(kept, validUntil)
        XCTAssertEqual(priority, 1)
    }

    func testWhatIsStaleStaysAndIsReported() async throws {
        let queue = try queue
        let stale = try await die(queue.job("a", validUntil: queue.clock.now + 10), "no")
        let fresh = try await die(queue.job("b"), "no")
        queue.clock.advance(10)
        let redrive = try await queue.queue.redrive(DeadLetterFilter())
        XCTAssertEqual(redrive.stale, [stale])
        XCTAssertEqual(Array(redrive.jobs.keys), [fresh])
        let state = try await queue.state(stale)
        XCTAssertEqual(state?.state, "dead")
    }

    func testFiltersAreTakenTogether() async throws {
        let queue = try queue
        let ids = try await [
            die(queue.job("a"), "contact 151 is gone"), die(queue.job("b"), "contact 152 is gone"),
            die(queue.job("c", tenant: 2), "contact 153 is gone"), die(queue.job("d"), "field is read-only"),
        ]
        let byReason = try await queue.queue.redrive(DeadLetterFilter(tenant: "acme", reason: "contact 152"))
        XCTAssertEqual(Array(byReason.jobs.keys), [ids[1]])
        let byPattern = try await queue.queue.redrive(
            DeadLetterFilter(tenant: "acme", stage: "write", reason: "contact … is gone"))
        XCTAssertEqual(Array(byPattern.jobs.keys), [ids[0]])
        let otherStage = try await queue.queue.redrive(DeadLetterFilter(stage: "generate"))
        XCTAssertTrue(otherStage.jobs.isEmpty)
        let rest = try await queue.queue.redrive(DeadLetterFilter())
        XCTAssertEqual(rest.jobs.keys.sorted(), [ids[2], ids[3]])
    }

    func testWhatIsNotDeadIsRefused() async throws {
        let queue = try queue
        let id = try await queue.enqueue(queue.job("a"))[0]
        await assertNotFound("job \(id) is no dead letter, or not of that tenant, stage and reason") {
            _ = try await queue.queue.redrive(DeadLetterFilter(job: id))
        }
        await assertNotFound("no tenant is called nobody") {
            _ = try await queue.queue.redrive(DeadLetterFilter(tenant: "nobody"))
        }
    }

    /// jsonb holds numbers that no other reader takes; nothing of such a payload may change on the way.
    func testAPayloadThatNobodyReadsComesBackAsItIs() async throws {
        let queue = try queue
        let id = try await die(queue.job("a"), "its payload cannot be read")
        try await queue.pool.execute("UPDATE dead_jobs SET payload = '{\"n\": 1e400}'")
        let redrive = try await queue.queue.redrive(DeadLetterFilter(job: id))
        let row = try await queue.pool.query(
            "SELECT payload = '{\"n\": 1e400}' FROM jobs WHERE id = $1", [redrive.jobs[id] ?? 0]
        ).first
        XCTAssertEqual(try XCTUnwrap(row).decode(Bool.self), true)
    }

    func testSeveralAtOnceBringEachBackOnce() async throws {
        let queue = try queue
        try await queue.pool.execute(
            """
            INSERT INTO dead_jobs (id, stage, tenant_id, connection_id, lane, priority, attempts, max_attempts, reason,
                                   payload, enqueued_at)
            SELECT i, 'write', 1, 1, i % 700, 0, 12, 12, 'no', jsonb_build_object('was', i), now()
            FROM generate_series(nextval('job_ids'), 4000) AS i
            """)
        try await queue.pool.execute("SELECT setval('job_ids', 4000)")
        let brought = try await withThrowingTaskGroup(of: Redrive.self) { group in
            for worker in [queue.queue, queue.other, queue.queue, queue.other] {
                group.addTask { try await worker.redrive(DeadLetterFilter()) }
            }
            return try await group.reduce(into: []) { $0 += $1.jobs.keys }
        }
        XCTAssertEqual(brought.count, 4000)
        let row = try await queue.pool.query(
            """
            SELECT count(*), count(DISTINCT payload), (SELECT count(*) FROM dead_jobs),
                   (SELECT sum(behind) FROM jobs)::bigint
            FROM job_states
            """
        ).first
        let (jobs, different, dead, behind) = try XCTUnwrap(row).decode(Int.self, Int.self, Int.self, Int.self)
        XCTAssertEqual([jobs, different, dead, behind], [4000, 4000, 0, 4000 - 700])
    }
}
