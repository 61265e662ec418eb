import CRM
import Foundation
import JSON
import LanguageModel
import Pipeline
import PostgresClient
import TestSupport
import XCTest

final class WorkerTests: XCTestCase {
    func testACreatedLeadGetsItsTextAndOurWriteTriggersNothing() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Anneke")
        await fixture.worker.drain()
        let content = try await fixture.content(of: lead)
        XCTAssertEqual(content["leadwright_nurture_email_subject"]?.string, "Hello Anneke")
        XCTAssertEqual(
            content["leadwright_nurture_email_body"]?.string,
            "Anneke,\n\nFirst.\n\nThis is for the stage lead.\n\nThe Acme team")
        let state: String? = try await fixture.value("SELECT state FROM write_backs WHERE proven_at IS NOT NULL")
        XCTAssertEqual(state, "proven")
        // The write came back as a webhook, if at all, marked as ours.
        await fixture.worker.drain()
        let generations: Int? = try await fixture.value("SELECT count(*) FROM generations")
        let jobs: Int? = try await fixture.value("SELECT count(*) FROM jobs")
        XCTAssertEqual([generations, jobs], [1, 0])
        await fixture.stop()
    }

    func testAStageChangeMakesTheNextTextInOrder() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Rahul")
        await fixture.worker.drain()
        try await fixture.administer(
            "stages", ["changes": [["id": .string(lead), "stage": "marketingqualifiedlead"]]])
        await fixture.worker.drain()
        let body = try await fixture.content(of: lead)["leadwright_nurture_email_body"]?.string ?? ""
        XCTAssertTrue(body.contains("for the stage marketingqualifiedlead"), body)
        let stages: [String]? = try await fixture.value("SELECT array_agg(stage ORDER BY written_at) FROM generations")
        XCTAssertEqual(stages, ["lead", "marketingqualifiedlead"])
        await fixture.stop()
    }

    /// One creation, reported under two subscriptions with ids of their own, is one message.
    func testACreationReportedTwiceIsOneMessage() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.administer(
            "configure",
            [
                "subscriptions": [
                    ["eventType": "contact.creation", "active": true],
                    ["eventType": "object.creation", "objectTypeId": "0-1", "active": true],
                ]
            ])
        _ = try await fixture.createLead("Heather")
        await fixture.worker.drain()
        let events: Int? = try await fixture.value("SELECT count(*) FROM events WHERE kind = 'lead.created'")
        let generations: Int? = try await fixture.value("SELECT count(*) FROM generations")
        XCTAssertEqual([events, generations], [2, 1])
        await fixture.stop()
    }

    /// The sender's clock is a day ahead, and what it says twice is still one message, valid for no longer than said.
    func testAClockThatIsAheadChangesNothing() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.administer(
            "configure",
            [
                "subscriptions": [
                    ["eventType": "contact.creation", "active": true],
                    ["eventType": "object.creation", "objectTypeId": "0-1", "active": true],
                ]
            ])
        _ = try await fixture.createLead("Heather")
        let moved = try await fixture.database.pool.execute(
            """
            UPDATE events SET
                body = jsonb_set(body, '{occurredAt}', to_jsonb((body->>'occurredAt')::numeric + 86400000))
            """)
        XCTAssertEqual(moved, 2)
        await fixture.worker.drain()
        let generations: Int? = try await fixture.value("SELECT count(*) FROM generations")
        let validFor: Bool? = try await fixture.value(
            "SELECT valid_until <= planned_at + interval '3 days' FROM generations")
        XCTAssertEqual(generations, 1)
        XCTAssertEqual(validFor, true)
        await fixture.stop()
    }

    func testWhoOptedOutGetsNothing() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Sofia", consent: false)
        await fixture.worker.drain()
        let reason: String? = try await fixture.value("SELECT reason FROM suppressions WHERE stage = 'understand'")
        XCTAssertEqual(reason, "opted_out")
        let content = try await fixture.content(of: lead)
        XCTAssertTrue(content.isEmpty)
        await fixture.stop()
    }

    /// The opt-out happens in the CRM while the text is being made; its event waits behind the text's job.
    func testAnOptOutWhileTheTextIsMadeStopsTheWrite() async throws {
        let during = Once()
        let fixture = try await PipelineFixture(model: FixedModel { _ in _ = await during.run() })
        let lead = try await fixture.createLead("Oskar")
        await during.set { _ = try? await fixture.administer("opt-outs", ["ids": [.string(lead)]]) }
        await fixture.worker.drain()
        let content = try await fixture.content(of: lead)
        XCTAssertTrue(content.isEmpty, "\(content)")
        let reason: String? = try await fixture.value("SELECT reason FROM suppressions WHERE stage = 'write'")
        XCTAssertEqual(reason, "opted_out")
        let state: String? = try await fixture.value("SELECT state FROM write_backs")
        XCTAssertEqual(state, "suppressed")
        await fixture.stop()
    }

    func testTheHoldoutGetsNothingAndIsRecorded() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.declare([PipelineFixture.playbook(experiment: ["name": "e", "holdout": 0.999999])])
        let lead = try await fixture.createLead("Heather")
        await fixture.worker.drain()
        let arm: String? = try await fixture.value("SELECT arm FROM assignments")
        let reason: String? = try await fixture.value("SELECT reason FROM suppressions")
        XCTAssertEqual([arm, reason], ["holdout", "holdout"])
        let content = try await fixture.content(of: lead)
        XCTAssertTrue(content.isEmpty)
        await fixture.stop()
    }

    /// HubSpot applies the write and its answer is lost: the text must stand there once, found by reading back.
    func testALostAnswerIsReadBackAndNotWrittenAgain() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Tom")
        try await fixture.administer("faults", ["lose_answers": 1])
        let before = try await fixture.administer("statistics")["calls"]?["writes"]?.integer ?? 0
        await fixture.worker.drain()
        let open: Int? = try await fixture.value("SELECT count(*) FROM jobs WHERE stage = 'write' AND turn IS NULL")
        XCTAssertEqual(open, 1, "the lost answer leaves the write open")
        fixture.passTime(3600)
        await fixture.worker.drain()
        let after = try await fixture.administer("statistics")["calls"]?["writes"]?.integer ?? 0
        XCTAssertEqual(after - before, 1, "one record was written")
        let state: String? = try await fixture.value("SELECT state FROM write_backs WHERE attempts = 2")
        XCTAssertEqual(state, "proven")
        let content = try await fixture.content(of: lead)
        XCTAssertEqual(content["leadwright_nurture_email_subject"]?.string, "Hello Tom")
        await fixture.stop()
    }

    func testALimitPostponesWithoutCountingAnAttempt() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Priya")
        try await fixture.administer("faults", ["rate_limits": 1])
        await fixture.worker.drain()
        let attempt: Int? = try await fixture.value("SELECT attempt FROM jobs WHERE turn IS NULL")
        XCTAssertEqual(attempt, 0)
        fixture.passTime(3600)
        await fixture.worker.drain()
        let proven: Int? = try await fixture.value("SELECT count(*) FROM write_backs WHERE state = 'proven'")
        XCTAssertEqual(proven, 1)
        await fixture.stop()
    }

    func testWhatALeadDoesIsAttributedAndBecomesAnExample() async throws {
        let fixture = try await PipelineFixture()
        _ = try await fixture.createLead("Mira")
        await fixture.worker.drain()
        try await fixture.administer("react", ["seed": 1, "probabilities": ["clicked": 1.0, "won": 1.0]])
        await fixture.worker.drain()
        let kinds: [String]? = try await fixture.value("SELECT array_agg(kind ORDER BY kind) FROM outcomes")
        XCTAssertEqual(kinds, ["deal.won", "email.clicked", "email.opened"])
        let attributed: Int? = try await fixture.value("SELECT count(*) FROM outcomes WHERE generation_id IS NOT NULL")
        XCTAssertEqual(attributed, 3)
        let example = try await fixture.database.pool.query("SELECT label, decided_by FROM training_examples")
        XCTAssertEqual(example.count, 1)
        let (label, decidedBy) = try example[0].decode(Bool.self, String.self)
        XCTAssertTrue(label)
        XCTAssertEqual(decidedBy, "deal.won")
        await fixture.stop()
    }

    func testAPrivacyDeletionLeavesNothingOfThePerson() async throws {
        let fixture = try await PipelineFixture()
        let lead = try await fixture.createLead("Carmen")
        await fixture.worker.drain()
        try await fixture.callCRM("POST", "/crm/v3/objects/contacts/gdpr-delete", ["objectId": .string(lead)])
        await fixture.worker.drain()
        let left: Int? = try await fixture.value(
            """
            SELECT (SELECT count(*) FROM generations WHERE prompt IS NOT NULL OR content IS NOT NULL OR record <> '{}')
                + (SELECT count(*) FROM leads WHERE fields <> '{}' OR erased_at IS NULL)
                + (SELECT count(*) FROM events WHERE body::text LIKE '%carmen%')
            """)
        XCTAssertEqual(left, 0)
        let erasures: Int? = try await fixture.value("SELECT count(*) FROM erasures")
        XCTAssertEqual(erasures, 1)
        await fixture.stop()
    }
}
