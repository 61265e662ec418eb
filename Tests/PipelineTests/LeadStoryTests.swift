import Cryptography
import Foundation
import JSON
import JobQueue
import Pipeline
import PostgresClient
import TestSupport
import XCTest

/// What `leadwright why` tells of a lead, after the whole way on real parts.
final class LeadStoryTests: XCTestCase {
    private func stories(_ fixture: PipelineFixture) throws -> LeadStories {
        LeadStories(pool: fixture.database.pool, key: try SealingKey(Data(repeating: 7, count: 32)))
    }

    private func key(_ lead: String) -> String { "hubspot:8112233:contact:\(lead)" }

    /// The text of the only line about a subject.
    private func text(_ story: LeadStory, _ subject: StoryLine.Subject, line: UInt = #line) -> String {
        let lines = story.lines.filter { $0.subject == subject }
        XCTAssertEqual(lines.count, 1, "\(lines)", line: line)
        return lines.first?.text ?? ""
    }

    /// The subjects of the lines with a remark.
    private func remarked(_ story: LeadStory, _ remark: StoryLine.Remark) -> [StoryLine.Subject] {
        story.lines.filter { $0.remarks.contains(remark) }.map(\.subject)
    }

    func testTheWayFromDeliveryToCRMIsToldInOrderAndWithoutPersonalData() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.declare([PipelineFixture.playbook(experiment: ["name": "e", "holdout": 0.000001])])
        let lead = try await fixture.createLead("Anneke")
        await fixture.worker.drain()
        try await fixture.administer("react", ["seed": 1, "probabilities": ["clicked": 1.0]])
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        XCTAssertEqual(story.lead, key(lead))
        XCTAssertEqual(story.tenant, "acme")
        let subjects = story.lines.prefix(4).map(\.subject)
        XCTAssertEqual(subjects, [.delivery, .event, .job, .lead])
        XCTAssertEqual(story.lines.map(\.at), story.lines.map(\.at).sorted())
        let told = story.lines.map { "\($0.subject.rawValue): \($0.text)" }.joined(separator: "\n")
        for part in [
            "delivery: came in through acme-hubspot with 1 event, 0 seen before",
            "event: lead.created of contact:\(lead), in delivery ", "job: understand: done after 1 attempt",
            "job: generate: done after 1 attempt", "job: write: done after 1 attempt",
            "assignment: drawn into arm treatment, which happens with probability ",
            "generation: nurture_email planned for event ",
            " by playbook welcome, version 2, for stage lead, arm treatment",
            "generation: made by fixed in ", ", opening stood; it is written now",
            "write_back: leadwright_nurture_email proven after 1 call at contact \(lead)",
            "outcome: email.clicked at ", ", attributed to generation ",
        ] { XCTAssertTrue(told.contains(part), "\(part) is not in\n\(told)") }
        XCTAssertFalse(told.lowercased().contains("anneke"), told)
        XCTAssertEqual(story.lines.compactMap(\.content), [])
        let open = try await stories(fixture).story(of: lead, showsContent: true)
        let content = open.lines.compactMap(\.content).map(\.canonicalText).joined()
        XCTAssertTrue(content.contains("Hello Anneke"), content)
        XCTAssertEqual(open.lines.map(\.text), story.lines.map(\.text))
        await fixture.stop()
    }

    func testALeadIsFoundByItsKeyItsIDAndItsGenerations() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Tom")
        await fixture.worker.drain()
        let generation: String? = try await fixture.value("SELECT id::text FROM generations")
        for name in [key(lead), lead, try XCTUnwrap(generation)] {
            let story = try await stories(fixture).story(of: name)
            XCTAssertEqual(story.lead, key(lead))
        }
        await assertRefused(.missing) { _ = try await self.stories(fixture).story(of: "404") }
        // The same record id in another portal.
        try await fixture.database.pool.execute(
            """
            WITH other AS (
                INSERT INTO connections (tenant_id, name, system, account, settings)
                SELECT tenant_id, 'other', system, '99', settings FROM connections
                RETURNING id, tenant_id
            )
            INSERT INTO leads (tenant_id, connection_id, key, object_type, object_id)
            SELECT tenant_id, id, 'hubspot:99:contact:' || $1, 'contact', $1 FROM other
            """, [lead])
        await assertRefused(.ambiguous) { _ = try await self.stories(fixture).story(of: lead) }
        await fixture.stop()
    }

    private func assertRefused(
        _ code: PipelineError.Code, line: UInt = #line, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            XCTFail("a story was told", line: line)
        } catch {
            XCTAssertEqual((error as? PipelineError)?.code, code, "\(error)", line: line)
        }
    }

    func testWhyAMessageWasNotMadeIsTold() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Sofia", consent: false)
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        let suppression = text(story, .suppression)
        XCTAssertTrue(suppression.contains("stopped at stage understand: opted_out, "), suppression)
        XCTAssertFalse(story.lines.contains { $0.subject == .generation })
        await fixture.stop()
    }

    func testOfAnErasedLeadOnlyTheHashIsKnown() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Carmen")
        await fixture.worker.drain()
        try await fixture.callCRM("POST", "/crm/v3/objects/contacts/gdpr-delete", ["objectId": .string(lead)])
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead, showsContent: true)
        XCTAssertNotNil(story.erasedAt)
        XCTAssertTrue(text(story, .erasure).hasSuffix("known by a hash of its key only"))
        let content = story.lines.compactMap(\.content).map(\.canonicalText).joined().lowercased()
        XCTAssertFalse(content.contains("carmen"), content)
        // Long afterwards, all rows are gone with their partitions, and the hash stays.
        try await fixture.database.pool.execute("TRUNCATE events, deliveries, leads CASCADE")
        let late = try await stories(fixture).story(of: key(lead))
        XCTAssertEqual(late.lines.map(\.subject), [.erasure])
        let keyless = LeadStories(pool: fixture.database.pool, key: nil)
        await assertRefused(.missing) { _ = try await keyless.story(of: self.key(lead)) }
        await fixture.stop()
    }

    func testALeadThatIsErasedBetweenStagesIsMarked() async throws {
        let during = Once()
        let fixture = try await PipelineFixture(model: FixedModel { _ in await during.run() })
        let lead = try await fixture.createLead("Nadia")
        await during.set {
            _ = try? await fixture.database.pool.execute("UPDATE leads SET erased_at = now(), fields = '{}'")
        }
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        let marked = story.lines.filter { $0.remarks.contains(.erasedMeanwhile) }
        XCTAssertTrue(
            marked.contains { $0.text == "write: dropped after 1 attempt: the lead was erased" }, "\(story.lines)")
        await fixture.stop()
    }

    func testAMergedLeadNamesTheSurvivor() async throws {
        // The calls are another application's.
        let fixture = try await PipelineFixture(clientID: "1")
        let (gone, kept) = try await (fixture.createLead("One"), fixture.createLead("Two"))
        await fixture.worker.drain()
        try await fixture.callCRM(
            "POST", "/crm/v3/objects/contacts/merge",
            ["primaryObjectId": .string(kept), "objectIdToMerge": .string(gone)])
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: gone)
        XCTAssertEqual(text(story, .merge), "merged into \(try XCTUnwrap(story.mergedInto))")
        let survivor = try await stories(fixture).story(of: try XCTUnwrap(story.mergedInto))
        let event = survivor.lines.last { $0.text.hasPrefix("contact.merged") }
        XCTAssertTrue(event?.text.contains(gone) == true, "\(survivor.lines)")
        XCTAssertEqual(story.lines.first { $0.subject == .merge }?.at, event?.at)
        await fixture.stop()
    }

    func testWhatIsOddIsMarked() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Priya")
        let pool = fixture.database.pool
        // A payload of another version, a clock that is a day ahead, and an event whose tenant was deleted.
        try await pool.execute("UPDATE jobs SET payload = '{\"event_number\": 1}'")
        try await pool.execute("UPDATE events SET occurred_at = received_at + interval '1 day'")
        try await pool.execute(
            """
            INSERT INTO events (
                tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, body)
            SELECT 77, connection_id, delivery_id, kind, object_type, object_id, lead_key, received_at, body FROM events
            """)
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        XCTAssertEqual(remarked(story, .unreadablePayload), [.job])
        XCTAssertEqual(remarked(story, .clockAhead), [.event])
        XCTAssertEqual(remarked(story, .tenantDeleted), [.event])
        XCTAssertTrue(text(story, .job).hasPrefix("understand: dead after 1 attempt: malformed_job"), "\(story.lines)")
        let late = story.lines.first { $0.remarks == [.clockAhead] }?.text ?? ""
        XCTAssertTrue(late.contains("claims to have happened 86400 s after it arrived"), late)
        await fixture.stop()
    }

    func testAMessageThatIsStaleIsMarked() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Tom")
        await fixture.worker.drain()
        // Its message is due again, and its time is over.
        let connection: Int64? = try await fixture.value("SELECT id FROM connections")
        let job = NewJob(
            stage: Stage.generate.rawValue, tenantID: 1, connectionID: try XCTUnwrap(connection),
            lane: Lane.name(connection: try XCTUnwrap(connection), object: key(lead)), validUntil: Date(),
            payload: ["generation": .string(UUID().uuidString)])
        try await fixture.database.pool.transaction { fixture.queue.enqueue([job], in: $0) }
        fixture.passTime(10)
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        XCTAssertEqual(remarked(story, .stale), [.job])
        let dropped = story.lines.first { $0.remarks.contains(.stale) }?.text ?? ""
        XCTAssertTrue(dropped.hasPrefix("generate: dropped after 0 attempts: stale: it was valid until "), dropped)
        await fixture.stop()
    }

    func testAMessageThatWaitsForItsLeadToBeQuietIsTold() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.declare([PipelineFixture.playbook(quietPeriod: 60)])
        let lead = try await fixture.createLead("Mira")
        await fixture.worker.drain()
        let story = try await stories(fixture).story(of: lead)
        XCTAssertTrue(
            story.lines.contains { $0.subject == .job && $0.text.hasPrefix("understand: waits until ") },
            "\(story.lines)")
        await fixture.stop()
    }
}
