import CRM
import Foundation
import Personalization
import XCTest

final class DecisionTests: XCTestCase {
    private func decide(
        event: CRMEvent = Sample.event(), record: LeadRecord = Sample.record(), optedOut: Bool = false,
        arm: Arm? = .treatment, playbook: String = Sample.playbook
    ) throws -> Decision {
        let playbook = VersionedPlaybook(try Sample.decode(playbook), version: 3)
        return playbook.decide(
            on: event, about: record, voices: Sample.voices, optedOut: optedOut,
            assignment: arm.map { Assignment(experiment: "launch", arm: $0, probability: 0.5) })
    }

    func testAMessageIsMade() throws {
        for (arm, expected) in [(Arm?.none, Arm.treatment), (.treatment, .treatment), (.baseline, .baseline)] {
            guard case .generate(let plan) = try decide(arm: arm) else { return XCTFail("not generated") }
            XCTAssertEqual(plan.arm, expected)
            XCTAssertEqual(plan.playbook.version, 3)
            XCTAssertEqual(plan.stage, .lead)
            XCTAssertEqual(plan.validUntil, Date(timeIntervalSince1970: 1_000 + 259_200))
        }
    }

    func testReasonsToSuppress() throws {
        let nobody = Sample.record(["company": "Hexfield Games"])
        let required = Sample.playbook.replacing("\"reader\":", with: "\"required\": [\"email\"], \"reader\":")
        let cases: [(Decision, SuppressionReason, String)] = [
            (try decide(optedOut: true), .optedOut, "earlier"),
            (try decide(record: Sample.record(consent: .refused("hs_email_optout"))), .optedOut, "hs_email_optout"),
            (try decide(record: Sample.record(consent: .unknown("no consent field"))), .noConsent, "no consent field"),
            (try decide(arm: .holdout), .holdout, "launch"),
            (try decide(record: nobody, playbook: required), .incomplete, "\"email\""),
            (
                try decide(
                    record: nobody,
                    playbook: Sample.playbook.replacing(", \"else\": \"Hello,\\n\\n\"", with: "")), .incomplete,
                "\"first_name\""
            ),
            // Consent comes before everything else, the arm after completeness.
            (try decide(record: nobody, optedOut: true, arm: .holdout, playbook: required), .optedOut, ""),
            (try decide(record: nobody, arm: .holdout, playbook: required), .incomplete, ""),
        ]
        for (decision, reason, detail) in cases {
            guard case .suppress(let found, let text) = decision else { return XCTFail("\(decision)") }
            XCTAssertEqual(found, reason)
            XCTAssertTrue(detail.isEmpty || text.contains(detail), text)
        }
    }

    func testReasonsToIgnore() throws {
        let cases: [(Decision, String)] = [
            (try decide(event: Sample.event(.emailOpened)), "no playbook listens to email.opened"),
            (try decide(event: Sample.event(causedByUs: true)), "our own write"),
            (try decide(record: Sample.record(stage: .customer)), "stage customer"),
            (try decide(record: Sample.record(stage: nil)), "maps no stage for \"zombie\""),
            // Nothing was due, so nothing was suppressed.
            (try decide(event: Sample.event(.emailOpened), optedOut: true), "no playbook"),
        ]
        for (decision, expected) in cases {
            guard case .ignore(let reason) = decision else { return XCTFail("\(decision)") }
            XCTAssertTrue(reason.contains(expected), reason)
        }
    }

    func testOnePlaybookForEachTarget() throws {
        func playbook(_ name: String, target: String, client: String? = nil) throws -> VersionedPlaybook {
            var playbook = try Sample.decode(Sample.playbook)
            playbook.name = name
            playbook.target = target
            playbook.when.fields = client.map { ["client": [$0]] } ?? [:]
            return VersionedPlaybook(playbook, version: 1)
        }
        let all = [
            try playbook("b", target: "x"), try playbook("a", target: "x"), try playbook("c", target: "y"),
            try playbook("d", target: "z", client: "ironclad"),
        ]
        let selection = PlaybookSelection(of: all, for: Sample.event(), about: Sample.record())
        guard case .selected(let chosen) = selection else { return XCTFail("\(selection)") }
        XCTAssertEqual(chosen.map(\.playbook.name), ["a", "c"])
        let client = Sample.record(["first_name": "Dan", "client": "Ironclad"])
        guard case .selected(let own) = PlaybookSelection(of: all, for: Sample.event(), about: client) else {
            return XCTFail("none")
        }
        XCTAssertEqual(own.map(\.playbook.name), ["a", "c", "d"])
    }

    func testVoicesOfClientsAreNeverMixed() throws {
        var other = Sample.voice
        other.name = "Ironclad"
        other.bannedPhrases = ["journey"]
        let voices = BrandVoices(tenant: Sample.voice, byField: .init(field: "client", values: ["ironclad": other]))
        let voice = try voices.voice(for: LeadText(["client": "ironclad"]))
        XCTAssertEqual(voice.name, "Ironclad")
        XCTAssertEqual(voice.bannedPhrases, ["!", "seamless", "touch base", "journey"])
        XCTAssertThrowsError(try voices.voice(for: LeadText(["client": "alder-wynn"])))
        XCTAssertThrowsError(try voices.voice(for: LeadText([:])))
    }
}
