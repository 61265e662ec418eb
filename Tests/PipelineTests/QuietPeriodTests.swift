import HTTPTypes
import JSON
import JobQueue
import Pipeline
import PostgresClient
import TestSupport
import XCTest

final class QuietPeriodTests: XCTestCase {
    private func fixture(_ model: FixedModel = FixedModel()) async throws -> PipelineFixture {
        let fixture = try await PipelineFixture(model: model)
        try await fixture.declare([PipelineFixture.playbook(quietPeriod: 60)])
        return fixture
    }

    private func move(_ lead: String, to stage: String, _ fixture: PipelineFixture) async throws {
        try await fixture.administer("stages", ["changes": [["id": .string(lead), "stage": .string(stage)]]])
        await fixture.worker.drain()
    }

    private func generations(_ fixture: PipelineFixture) async throws -> [String] {
        try await fixture.value("SELECT coalesce(array_agg(stage ORDER BY planned_at), '{}') FROM generations") ?? []
    }

    func testSeveralChangesMakeOneMessageFromTheRecordAsItIsThen() async throws {
        let fixture = try await fixture()
        let lead = try await fixture.createLead("Mira")
        await fixture.worker.drain()
        fixture.passTime(40)
        try await move(lead, to: "marketingqualifiedlead", fixture)
        fixture.passTime(40)
        await fixture.worker.drain()
        let early = try await generations(fixture)
        XCTAssertEqual(early, [], "the second change began the wait anew")
        fixture.passTime(21)
        await fixture.worker.drain()
        let made = try await generations(fixture)
        XCTAssertEqual(made, ["marketingqualifiedlead"])
        let written: Int? = try await fixture.value("SELECT count(*) FROM write_backs WHERE state = 'proven'")
        XCTAssertEqual(written, 1)
        let reasons: [String]? = try await fixture.value("SELECT array_agg(ignored) FROM events WHERE ignored <> ''")
        XCTAssertEqual(reasons?.count, 1)
        XCTAssertTrue(
            reasons?.first?.hasSuffix("came within the quiet period of playbook welcome and took its place") == true,
            "\(reasons ?? [])")
        let left: Int? = try await fixture.value(
            "SELECT (SELECT count(*) FROM quiet_messages) + (SELECT count(*) FROM jobs)")
        XCTAssertEqual(left, 0)
        await fixture.stop()
    }

    func testALeadThatIsNeverQuietIsNotPutOffForEver() async throws {
        let fixture = try await fixture()
        let lead = try await fixture.createLead("Rahul")
        await fixture.worker.drain()
        for turn in 1...5 {
            fixture.passTime(50)
            try await move(lead, to: turn % 2 == 1 ? "marketingqualifiedlead" : "lead", fixture)
        }
        let early = try await generations(fixture)
        XCTAssertEqual(early, [], "250 seconds after the first change")
        fixture.passTime(51)
        await fixture.worker.drain()
        let made = try await generations(fixture)
        XCTAssertEqual(made, ["marketingqualifiedlead"], "five periods after the first change")
        await fixture.stop()
    }

    func testAnOptOutMeanwhileStopsIt() async throws {
        let fixture = try await fixture()
        let lead = try await fixture.createLead("Sofia")
        await fixture.worker.drain()
        try await fixture.administer("opt-outs", ["ids": [.string(lead)]])
        await fixture.worker.drain()
        let known: Int? = try await fixture.value("SELECT count(*) FROM leads WHERE opted_out_at IS NOT NULL")
        XCTAssertEqual(known, 1, "the wait does not hold up the opt-out")
        fixture.passTime(61)
        await fixture.worker.drain()
        let reason: String? = try await fixture.value("SELECT reason FROM suppressions")
        XCTAssertEqual(reason, "opted_out")
        let made = try await generations(fixture)
        XCTAssertEqual(made, [])
        await fixture.stop()
    }

    /// A worker claims the job that ends the period, and dies.
    func testAWorkerThatDiesLosesNothing() async throws {
        let fixture = try await fixture()
        _ = try await fixture.createLead("Tom")
        await fixture.worker.drain()
        fixture.passTime(61)
        let claimed = try await fixture.queue.claim(stage: "understand", limit: 10)
        XCTAssertEqual(claimed.count, 1)
        await fixture.worker.drain()
        let early = try await generations(fixture)
        XCTAssertEqual(early, [])
        fixture.passTime(31)
        await fixture.worker.drain()
        let made = try await generations(fixture)
        XCTAssertEqual(made, ["lead"])
        await fixture.stop()
    }

    /// The job that would end the period is lost for good; the next change brings its own.
    func testADeadJobHoldsUpNoLaterChange() async throws {
        let fixture = try await fixture()
        let lead = try await fixture.createLead("Lucia")
        await fixture.worker.drain()
        fixture.passTime(61)
        for job in try await fixture.queue.claim(stage: "understand", limit: 10) {
            try await fixture.queue.bury(job, reason: "for the test")
        }
        try await move(lead, to: "marketingqualifiedlead", fixture)
        fixture.passTime(61)
        await fixture.worker.drain()
        let made = try await generations(fixture)
        XCTAssertEqual(made, ["marketingqualifiedlead"])
        await fixture.stop()
    }

    /// The period is over and the record has just been asked for, when another change comes in between.
    func testAChangeAtTheLastMomentTakesItsPlace() async throws {
        let fixture = try await fixture()
        let lead = try await fixture.createLead("Priya")
        await fixture.worker.drain()
        fixture.passTime(61)
        let change = Once()
        await change.set {
            _ = try? await fixture.administer(
                "stages", ["changes": [["id": .string(lead), "stage": "marketingqualifiedlead"]]])
            await fixture.worker.drain()
        }
        fixture.relay.stepIn { request in
            if request.path.hasSuffix("batch/read") { await change.run() }
            return nil
        }
        await fixture.worker.drain()
        let early = try await generations(fixture)
        XCTAssertEqual(early, [])
        fixture.passTime(61)
        await fixture.worker.drain()
        let made = try await generations(fixture)
        XCTAssertEqual(made, ["marketingqualifiedlead"])
        await fixture.stop()
    }

    /// Changes of many leads arrive while several workers end their periods: one message a lead, however they meet.
    func testWorkersThatMeetMakeOneMessageALead() async throws {
        let fixture = try await fixture()
        var leads: [String] = []
        for name in ["Ada", "Ben", "Cleo", "Dora", "Emil", "Fay"] { leads.append(try await fixture.createLead(name)) }
        await fixture.worker.drain()
        fixture.passTime(59)
        let changes = leads.map { ["id": .string($0), "stage": "marketingqualifiedlead"] as JSONValue }
        try await fixture.administer("stages", ["changes": .array(changes)])
        // The first periods end now, unless the changes are understood before.
        fixture.passTime(1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await fixture.worker.drain() } }
        }
        fixture.passTime(61)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await fixture.worker.drain() } }
        }
        let doubled: Int? = try await fixture.value(
            "SELECT count(*) FROM (SELECT FROM generations GROUP BY lead_id, stage HAVING count(*) > 1) AS twice")
        let late: Int? = try await fixture.value(
            "SELECT count(DISTINCT lead_id) FROM generations WHERE stage = 'marketingqualifiedlead'")
        let waiting: Int? = try await fixture.value("SELECT count(*) FROM quiet_messages")
        XCTAssertEqual([doubled, late, waiting], [0, 6, 0])
        await fixture.stop()
    }
}
