import XCTest

/// The audit of the chaos tests finds what it is there for: each promise broken by hand, alone.
final class EvidenceTests: XCTestCase {
    func testAGoodEndingHasNoViolations() {
        XCTAssertEqual(good.violations, [])
    }

    func testALostEvent() { expect("3 are stored") { $0.published = 4 } }
    func testADeliveryThatWasGivenUp() { expect("gave up 1") { $0.givenUp = 1 } }
    func testAJobLeftOver() { expect("1 jobs are open") { $0.openJobs = 1 } }
    func testADeadJob() { expect("dead: lost") { $0.dead = ["lost"] } }
    func testAnEventWithoutEffect() { expect("event 2 of lead 151 has 0 texts") { $0.texts.removeLast() } }
    func testAnEventIgnoredForAnotherReason() { expect("ignored: erased") { $0.events[0].ignored = "erased" } }
    func testATextThatWasNotWritten() { expect("B was written 0 times") { $0.writes.removeLast() } }
    func testATextThatWasNotProven() { expect("A is generated") { $0.texts[0].state = "generated" } }
    func testATextThatWasWrittenTwice() { expect("B was written 2 times") { $0.writes.append($0.writes[1]) } }
    func testAnotherTextThanTheStoredOne() { expect("otherwise") { $0.writes[0].parts["body"] = "other" } }
    func testATextToAnotherLead() { expect("otherwise") { $0.writes[0].lead = "152" } }
    func testAWriteThatNobodyWanted() { expect("C was written and is no text") { $0.writes[0].text = "C" } }
    func testAWrongOrder() { expect("in the order [12, 11]") { $0.writes.reverse() } }
    func testAnOldTextStanding() { expect("shows A instead") { $0.leads["151"]?.texts["leadwright_next_step"] = "A" } }
    func testATextForAnotherStage() { expect("has the text for customer") { $0.texts[1].stage = "customer" } }
    func testASecondWelcome() { expect("2 welcomes") { $0.texts[1].target = "leadwright_welcome" } }
    func testAMessageThatStillWaits() { expect("1 messages wait") { $0.waiting = 1 } }
    func testAReactionThatIsNotRecorded() { expect("1 times and is recorded 0") { $0.outcomes = [:] } }
    func testAReactionThatIsRecordedTwice() { expect("1 times and is recorded 2") { $0.outcomes[opened] = 2 } }
    func testAReactionThatNeverHappened() { expect("0 times and is recorded 1") { $0.reactions = [:] } }
    func testAnEventTakenOverWithoutAQuietPeriod() {
        expect("event 1 of lead 151 has 0 texts, ignored: event 2 came") {
            $0.texts.removeFirst()
            $0.events[0].ignored = "event 2 came within the quiet period of playbook welcome and took its place"
        }
    }
    func testTwoEqualTexts() { expect("2 texts are the same") { $0.texts[1].parts = $0.texts[0].parts } }

    private func expect(_ words: String, line: UInt = #line, _ change: (inout Evidence) -> Void) {
        var evidence = good
        change(&evidence)
        XCTAssertTrue(evidence.violations.contains { $0.contains(words) }, "\(evidence.violations)", line: line)
    }

    private let opened = Evidence.Reaction(lead: "151", kind: "email.opened")

    /// One lead that was created and moved on, and opened what it got.
    private let good = Evidence(
        published: 3,
        events: [
            .init(id: 1, lead: "151", place: 11), .init(id: 2, lead: "151", place: 12),
            .init(id: 3, lead: "151", place: 13, asksForText: false),
        ],
        texts: [
            .init(
                id: "A", event: 1, lead: "151", target: "leadwright_welcome", stage: "lead", state: "written",
                parts: ["body": "first"]),
            .init(
                id: "B", event: 2, lead: "151", target: "leadwright_next_step", stage: "opportunity",
                state: "written", parts: ["body": "second"]),
        ],
        writes: [
            .init(text: "A", lead: "151", parts: ["body": "first"]),
            .init(text: "B", lead: "151", parts: ["body": "second"]),
        ],
        leads: [
            "151": .init(stage: "opportunity", texts: ["leadwright_welcome": "A", "leadwright_next_step": "B"])
        ],
        reactions: [.init(lead: "151", kind: "email.opened"): 1],
        outcomes: [.init(lead: "151", kind: "email.opened"): 1])
}
