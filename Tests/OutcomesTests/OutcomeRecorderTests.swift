import CRM
import Foundation
import Outcomes
import PostgresClient
import TestSupport
import XCTest

final class OutcomeRecorderTests: XCTestCase {
    private func installation() async throws -> Installation {
        let installation = try await Installation.make()
        addTeardownBlock { await installation.database.drop() }
        return installation
    }

    func testAnOutcomeIsAttributedAndMakesAnExample() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        let generation = try await here.generation(lead: lead, event: 1)
        let opened = try await here.record(.emailOpened, lead: lead, event: 2)
        XCTAssertEqual(opened, RecordedOutcome(isNew: true, generation: generation, verdict: nil))
        let clicked = try await here.record(.emailClicked, lead: lead, event: 3)
        XCTAssertEqual(clicked?.verdict, Verdict(of: [.emailClicked]))
        let replied = try await here.record(.emailReplied, lead: lead, event: 4)
        XCTAssertEqual(replied?.verdict, Verdict(of: [.emailReplied]))
        // A weaker outcome after a stronger one changes nothing.
        let late = try await here.record(.emailClicked, lead: lead, event: 5)
        XCTAssertEqual(late, RecordedOutcome(isNew: true, generation: generation, verdict: nil))
        let examples = try await here.count("SELECT count(*) FROM training_examples WHERE label AND reward = 0.5")
        XCTAssertEqual(examples, 1)
        let attributed = try await here.count(
            "SELECT count(*) FROM outcomes WHERE attributed_by = 'last_written_within_window'")
        XCTAssertEqual(attributed, 4)
    }

    func testTheSameEventCountsOnce() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        let generation = try await here.generation(lead: lead, event: 1)
        try await here.record(.dealWon, lead: lead, event: 2)
        let again = try await here.record(.dealWon, lead: lead, event: 2)
        XCTAssertEqual(again, RecordedOutcome(isNew: false, generation: generation, verdict: nil))
        let outcomes = try await here.count("SELECT count(*) FROM outcomes")
        XCTAssertEqual(outcomes, 1)
    }

    func testAnOptOutOutweighsWhatCameBefore() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        _ = try await here.generation(lead: lead, event: 1)
        try await here.record(.meetingBooked, lead: lead, event: 2)
        let out = try await here.record(.unsubscribed, lead: lead, event: 3)
        XCTAssertEqual(out?.verdict?.label, false)
        let bad = try await here.count("SELECT count(*) FROM training_examples WHERE NOT label AND reward = -1")
        XCTAssertEqual(bad, 1)
    }

    func testOnlyTextsOfTheModelBecomeExamples() async throws {
        let here = try await installation()
        for (index, (arm, state, slot)) in [
            ("baseline", "written", "stood"), ("treatment", "written", "fallback"), ("treatment", "generated", "stood"),
            ("treatment", "suppressed", "stood"),
        ].enumerated() {
            let lead = try await here.lead("lead \(index)")
            _ = try await here.generation(
                lead: lead, event: Int64(index * 10), arm: arm, state: state, slot: slot)
            let outcome = try await here.record(.dealWon, lead: lead, event: Int64(index * 10 + 1))
            XCTAssertEqual(outcome?.isNew, true)
            XCTAssertNil(outcome?.verdict)
            XCTAssertEqual(outcome?.generation == nil, state != "written")
        }
        let examples = try await here.count("SELECT count(*) FROM training_examples")
        XCTAssertEqual(examples, 0)
        let outcomes = try await here.count("SELECT count(*) FROM outcomes")
        XCTAssertEqual(outcomes, 4)
    }

    func testAHeldOutLeadsOutcomeIsKeptWithoutAMessage() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        let other = try await here.lead("b")
        _ = try await here.generation(lead: other, event: 1)
        let outcome = try await here.record(.dealWon, lead: lead, event: 2)
        XCTAssertEqual(outcome, RecordedOutcome(isNew: true, generation: nil, verdict: nil))
        let unattributed = try await here.count(
            "SELECT count(*) FROM outcomes WHERE generation_id IS NULL AND attributed_by IS NULL")
        XCTAssertEqual(unattributed, 1)
    }

    func testOtherEventsAreLeftAlone() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        let created = try await here.record(.leadCreated, lead: lead, event: 1)
        XCTAssertNil(created)
        let own = try await here.record(.dealWon, lead: lead, event: 2, causedByUs: true)
        XCTAssertNil(own)
    }

    func testAFailedTransactionLeavesNothing() async throws {
        let here = try await installation()
        let lead = try await here.lead("a")
        _ = try await here.generation(lead: lead, event: 1)
        let event = CRMEvent(
            kind: .dealWon, objectType: "deal", objectID: "1", lead: nil, occurredAt: here.start, dedupeKey: "x")
        struct Stop: Error {}
        do {
            try await here.database.pool.transaction { connection in
                _ = try await OutcomeRecorder().record(
                    event, eventID: 2, tenantID: here.tenant, leadID: lead, in: connection)
                throw Stop()
            }
            XCTFail("not thrown")
        } catch is Stop {}
        let rows = try await here.count(
            "SELECT (SELECT count(*) FROM outcomes) + (SELECT count(*) FROM training_examples)")
        XCTAssertEqual(rows, 0)
    }
}
