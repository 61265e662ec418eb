import CRM
import Foundation
import HTTPTypes
import JSON
import Pipeline
import PostgresClient
import TestSupport
import XCTest

/// What a worker makes of a CRM that is down, refuses, or changes under its hands.
final class WriteBackTests: XCTestCase {
    private static let update = "/crm/v3/objects/contacts/batch/update"

    private func refusal(_ status: Int, category: String, property: String? = nil) -> HTTPResponse {
        var body: [String: JSONValue] = ["status": "error", "category": .string(category)]
        if let property {
            body["errors"] = [["code": "INVALID", "context": ["propertyName": [.string(property)]]]]
        }
        return HTTPResponse(
            status: status, contentType: "application/json", text: JSONValue.object(body).canonicalText)
    }

    private func proven(_ fixture: PipelineFixture) async throws -> Int {
        try await fixture.value("SELECT count(*) FROM write_backs WHERE state = 'proven'") ?? 0
    }

    // MARK: Batches

    func testTheRowThatSpoilsABatchIsFoundAndTheOthersAreWritten() async throws {
        let fixture = try await PipelineFixture()
        var leads: [String] = []
        for name in ["Ada", "Ben", "Cleo", "Dora", "Emil"] { leads.append(try await fixture.createLead(name)) }
        let bad = leads[3]
        let refusal = refusal(400, category: "VALIDATION_ERROR", property: "leadwright_nurture_email_body")
        fixture.relay.stepIn { request in
            guard request.path == Self.update, let body = try? JSONValue(parsing: request.body) else { return nil }
            return body["inputs"]?.array?.contains { $0["id"]?.string == bad } == true ? refusal : nil
        }
        await fixture.worker.drain()
        let written = try await proven(fixture)
        XCTAssertEqual(written, 4)
        let calls = fixture.relay.requests.filter { $0.path == Self.update }
        XCTAssertEqual(
            calls.first.flatMap { try? JSONValue(parsing: $0.body)["inputs"]?.array?.count }, 5,
            "one call for all of the connection's jobs")
        let rows = try await fixture.database.pool.query(
            """
            SELECT lead.object_id, write.reason FROM write_backs AS write
            JOIN generations AS g ON g.id = write.generation_id JOIN leads AS lead ON lead.id = g.lead_id
            WHERE write.state = 'refused'
            """)
        let refused = try rows.map { try $0.decode(String.self, String.self) }
        XCTAssertEqual(refused.map(\.0), [bad])
        XCTAssertTrue(refused.first?.1.contains("field leadwright_nurture_email_body") == true, "\(refused)")
        await fixture.stop()
    }

    // MARK: Records that move

    /// The lead is merged while its text is made. The survivor opted out: nobody else's consent counts.
    func testAMergeAsksTheSurvivorsConsent() async throws {
        let merge = Once()
        let fixture = try await PipelineFixture(model: FixedModel { _ in await merge.run() })
        let gone = try await fixture.createLead("Mira")
        let survivor = try await fixture.createLead("Mirjam", consent: false)
        await merge.set {
            try? await fixture.callCRM(
                "POST", "/crm/v3/objects/contacts/merge",
                ["primaryObjectId": .string(survivor), "objectIdToMerge": .string(gone)])
        }
        await fixture.worker.drain()
        let reason: String? = try await fixture.value("SELECT reason FROM suppressions WHERE stage = 'write'")
        XCTAssertEqual(reason, "opted_out")
        let content = try await fixture.content(of: survivor)
        XCTAssertNil(content["leadwright_nurture_email_body"])
        await fixture.stop()
    }

    /// The record is there when it is read, and was merged when it is written.
    func testARecordMergedAtTheLastMomentIsFollowed() async throws {
        let fixture = try await PipelineFixture()
        let gone = try await fixture.createLead("Mira")
        await fixture.worker.drain()
        let survivor = try await fixture.createLead("Mirjam")
        await fixture.worker.drain()
        try await fixture.administer(
            "stages", ["changes": [["id": .string(gone), "stage": "marketingqualifiedlead"]]])
        let merge = Once()
        await merge.set {
            try? await fixture.callCRM(
                "POST", "/crm/v3/objects/contacts/merge",
                ["primaryObjectId": .string(survivor), "objectIdToMerge": .string(gone)])
        }
        let refusal = refusal(404, category: "OBJECT_NOT_FOUND")
        fixture.relay.stepIn { request in
            guard request.path == Self.update else { return nil }
            return await merge.run() ? refusal : nil
        }
        await fixture.worker.drain()
        fixture.passTime(1)
        await fixture.worker.drain()
        let content = try await fixture.content(of: survivor)
        let body = content["leadwright_nurture_email_body"]?.string ?? ""
        XCTAssertTrue(body.contains("for the stage marketingqualifiedlead"), body)
        let states: [String]? = try await fixture.value("SELECT array_agg(DISTINCT state) FROM write_backs")
        XCTAssertEqual(states, ["proven"])
        await fixture.stop()
    }

    func testARecordDeletedAtTheLastMomentGetsNothing() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Mira")
        let deletion = Once()
        await deletion.set { try? await fixture.callCRM("DELETE", "/crm/v3/objects/contacts/\(lead)", [:]) }
        fixture.relay.stepIn { request in
            if request.path == Self.update { await deletion.run() }
            return nil
        }
        await fixture.worker.drain()
        let reasons = try await fixture.database.pool.query("SELECT reason, detail FROM suppressions")
        XCTAssertEqual(try reasons.map { try $0.decode(String.self, String.self).0 }, ["gone"])
        await fixture.stop()
    }

    // MARK: A CRM that is down

    func testAConnectionThatIsDownRestsAndCostsNoAttempts() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Lucia")
        fixture.relay.stepIn { _ in HTTPResponse(status: 500) }
        for _ in 0..<12 {
            await fixture.worker.drain()
            fixture.passTime(900)
        }
        let rows = try await fixture.database.pool.query("SELECT attempt, reason FROM jobs")
        let (attempts, reason) = try XCTUnwrap(rows.first).decode(Int.self, String.self)
        XCTAssertEqual(attempts, 4, "those before the circuit opened; twelve would have ended it")
        XCTAssertTrue(reason.hasPrefix("unavailable"), reason)
        fixture.relay.stepIn { _ in nil }
        await fixture.worker.drain()
        let written = try await proven(fixture)
        XCTAssertEqual(written, 1)
        await fixture.stop()
    }

    /// It rests for longer than the text is worth sending.
    func testATextThatIsTooOldWhenTheConnectionIsBackIsNotWritten() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Sofia")
        fixture.relay.stepIn { $0.path == Self.update ? HTTPResponse(status: 429) : nil }
        await fixture.worker.drain()
        // The call was made and nothing taken; then it is made again, or looked for, as long as it takes.
        let tried: Int? = try await fixture.value("SELECT count(*) FROM write_backs WHERE attempts = 1")
        XCTAssertEqual(tried, 1)
        _ = try await fixture.createLead("Tom")
        let read = Once()
        await read.set {}
        fixture.relay.stepIn { _ in await read.run() ? nil : HTTPResponse(status: 429) }
        await fixture.worker.drain()
        fixture.passTime(4 * 86_400)
        fixture.relay.stepIn { _ in nil }
        await fixture.worker.drain()
        let reasons: [String]? = try await fixture.value("SELECT array_agg(reason) FROM suppressions")
        XCTAssertEqual(reasons, ["stale"])
        let written = try await fixture.content(of: lead)
        XCTAssertNotNil(written["leadwright_nurture_email_body"], "begun in time")
        await fixture.stop()
    }

    /// While it rests, its jobs make no calls.
    func testWhoeverComesWhileItRestsMakesNoCall() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Lucia")
        fixture.relay.stepIn { _ in HTTPResponse(status: 500) }
        for _ in 0..<6 {
            await fixture.worker.drain()
            fixture.passTime(900)
        }
        await fixture.worker.drain()
        let calls = fixture.relay.requests.count
        _ = try await fixture.createLead("Tom")
        await fixture.worker.drain()
        XCTAssertEqual(fixture.relay.requests.count, calls)
        let reason: String? = try await fixture.value("SELECT reason FROM jobs WHERE attempt = 0")
        XCTAssertTrue(reason?.contains("the connection rests") == true, reason ?? "no job rests")
        await fixture.stop()
    }

    /// Nothing renews a private app's token: the work waits for whoever does, and says for what.
    func testARefusedTokenParksTheWork() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Priya")
        let refusal = refusal(401, category: "INVALID_AUTHENTICATION")
        fixture.relay.stepIn { _ in refusal }
        for _ in 0..<3 {
            await fixture.worker.drain()
            fixture.passTime(900)
        }
        XCTAssertEqual(fixture.relay.requests.count(where: { $0.path.hasSuffix("batch/read") }), 3, "a probe each")
        let rows = try await fixture.database.pool.query("SELECT attempt, reason FROM jobs")
        let (attempts, reason) = try XCTUnwrap(rows.first).decode(Int.self, String.self)
        XCTAssertEqual(attempts, 0)
        XCTAssertTrue(reason.contains("unauthorized"), reason)
        fixture.relay.stepIn { _ in nil }
        await fixture.worker.drain()
        let written = try await proven(fixture)
        XCTAssertEqual(written, 1)
        await fixture.stop()
    }

    /// Reading goes well and writing does not: the writes rest, though every read succeeds.
    func testWritingRestsByItself() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Heather")
        fixture.relay.stepIn { $0.path == Self.update ? HTTPResponse(status: 500) : nil }
        for _ in 0..<14 {
            await fixture.worker.drain()
            fixture.passTime(900)
        }
        let attempts: Int? = try await fixture.value("SELECT attempt FROM jobs WHERE stage = 'write'")
        XCTAssertEqual(attempts, 4)
        await fixture.stop()
    }

    func testTheBudgetsOfTheAnswersArePassedOn() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Anneke")
        await fixture.worker.drain()
        let budgets = await fixture.budgets.newest
        XCTAssertEqual(budgets.map(\.name), ["burst", "daily"])
        XCTAssertEqual(budgets.map(\.limit), [190, 625_000])
        XCTAssertTrue(budgets.allSatisfy { $0.remaining < $0.limit })
        await fixture.stop()
    }

    // MARK: Work that lost its ground

    func testAPayloadOfAnotherVersionIsADeadLetterThatSaysSo() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.enqueue(["understand", "generate", "write"], payload: ["something": "else"])
        await fixture.worker.drain()
        let reasons: [String]? = try await fixture.value(
            "SELECT array_agg(DISTINCT split_part(reason, ':', 1)) FROM dead_jobs")
        let count: Int? = try await fixture.value("SELECT count(*) FROM dead_jobs")
        XCTAssertEqual(reasons, ["malformed_job"])
        XCTAssertEqual(count, 3)
        await fixture.stop()
    }

    func testTheWorkOfATenantThatIsGoneIsDropped() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Oskar")
        try await fixture.database.pool.execute("TRUNCATE tenants CASCADE")
        await fixture.worker.drain()
        let rows = try await fixture.database.pool.query("SELECT outcome, reason FROM job_history")
        let (outcome, reason) = try XCTUnwrap(rows.first).decode(String.self, String.self)
        XCTAssertEqual(outcome, "dropped")
        XCTAssertTrue(reason.hasPrefix("withdrawn"), reason)
        await fixture.stop()
    }

    /// Erased after its text was made, before it is written.
    func testALeadErasedBeforeTheWriteGetsNothing() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Carmen")
        let refusal = refusal(429, category: "RATE_LIMITS")
        let reads = Once()
        await reads.set {}
        // Understanding may read; writing finds no call left, and comes again later.
        fixture.relay.stepIn { _ in await reads.run() ? nil : refusal }
        await fixture.worker.drain()
        try await fixture.database.pool.execute(
            "UPDATE leads SET erased_at = now(), fields = '{}'")
        try await fixture.database.pool.execute("UPDATE generations SET record = '{}', content = NULL")
        fixture.relay.stepIn { _ in nil }
        fixture.passTime(900)
        await fixture.worker.drain()
        let state: String? = try await fixture.value("SELECT state FROM write_backs")
        let reason: String? = try await fixture.value("SELECT reason FROM job_history WHERE outcome = 'dropped'")
        XCTAssertEqual([state, reason], ["suppressed", "the lead was erased"])
        let content = try await fixture.content(of: lead)
        XCTAssertTrue(content.isEmpty)
        await fixture.stop()
    }
}
