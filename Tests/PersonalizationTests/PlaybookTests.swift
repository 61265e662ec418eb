import CRM
import Foundation
import Personalization
import XCTest

final class PlaybookTests: XCTestCase {
    func testAPlaybookSurvivesEncoding() throws {
        let playbook = try Sample.decode(Sample.playbook)
        let again = try JSONDecoder().decode(Playbook.self, from: JSONEncoder().encode(playbook))
        XCTAssertEqual(playbook, again)
        XCTAssertEqual(playbook.problems(voices: Sample.voices), [])
        XCTAssertEqual(playbook.leadFields, ["first_name", "company", "pain"])
    }

    func testUnknownAndMissingKeysNameTheirPlace() throws {
        let cases: [(old: String, new: String, expected: String)] = [
            ("\"valid_for\"", "\"valid_fro\"", "unknown key \"valid_fro\""),
            ("\"must_use\"", "\"must_us\"", "scaffold[1].pieces[2]: unknown key \"must_us\""),
            ("\"present\"", "\"presents\"", "scaffold[1].pieces[1].when: unknown key \"presents\""),
            ("\"max_words\": 20,", "", "scaffold[1].pieces[2]: \"max_words\" is missing"),
            ("\"P3D\"", "\"P1M\"", "valid_for: \"P1M\" is no duration"),
            ("{voice.cta}", "{voice.motto}", "scaffold[1].pieces[3].text: unknown placeholder {voice.motto}"),
            ("{lead.pain}", "{lead.pain", "scaffold[1].pieces[1].text: a lone"),
            ("\"choose\": \"subject\",", "\"choose\": \"s\", \"text\": \"t\",", "exactly one of"),
            ("\"lead.created\"", "\"lead.made\"", "when.events[0]"),
        ]
        for (old, new, expected) in cases {
            let json = Sample.playbook.replacing(old, with: new)
            XCTAssertNotEqual(json, Sample.playbook)
            XCTAssertThrowsError(try Sample.decode(json)) { error in
                let problem = DeclarationProblem(error).description
                XCTAssertTrue(problem.contains(expected), "\(problem), not \(expected)")
            }
        }
    }

    func testValidationNamesPlaceAndRemedy() throws {
        let cases: [(old: String, new: String, expected: String)] = [
            (
                "\"must_use\": \"schema\"", "\"must_use\": \"schemas\"",
                "scaffold[1].pieces[2].must_use: there is no fact"
            ),
            ("{voice.cta}", "{fact.price}", "scaffold[1].pieces[3].text: there is no fact \"price\""),
            ("You wrote about", "A seamless", "scaffold[1].pieces[1].text: holds \"seamless\""),
            ("\"stages\": [\"lead\"]", "\"stages\": [\"lead\", \"customer\"]", "no cta for stage customer"),
            ("0.2", "0.95", "experiment: holdout and baseline"),
            ("\"write\": \"bridge\"", "\"write\": \"subject\"", "another slot is called \"subject\""),
            ("\"max_words\": 20", "\"max_words\": 5", "default: has 7 words, and max_words is 5"),
            ("within ninety seconds.\"", "within nine seconds.\"", "does not state its must_use fact"),
            ("\"part\": \"subject\"", "\"part\": \"zusatz\"", ""),
            ("\"part\": \"body\"", "\"part\": \"alpha\"", ""),
            ("[\"1 late table, 0 errors\", \"90 seconds after a rename\"]", "[]", "needs at least one variant"),
            ("\"stages\": [\"lead\"]", "\"stages\": []", "when.stages: name at least one stage"),
        ]
        for (old, new, expected) in cases where !expected.isEmpty {
            let json = Sample.playbook.replacing(old, with: new)
            XCTAssertNotEqual(json, Sample.playbook, old)
            let problems = try Sample.decode(json).problems(voices: Sample.voices).map(\.description)
            XCTAssertTrue(problems.contains { $0.contains(expected) }, "\(problems), not \(expected)")
        }
        let swapped = Sample.playbook.replacing("\"part\": \"subject\"", with: "\"part\": \"x\"")
            .replacing("\"part\": \"body\"", with: "\"part\": \"subject\"")
        XCTAssertEqual(
            try Sample.decode(swapped).problems(voices: Sample.voices).map(\.description),
            ["scaffold: parts are written in this order: subject, x"])
    }

    func testDurations() throws {
        for (text, seconds) in [
            ("P3D", 259_200), ("PT12H", 43_200), ("P1DT6H", 108_000), ("P2W", 1_209_600), ("PT90S", 90),
        ] {
            XCTAssertEqual(try Validity(text).seconds, seconds)
        }
        for text in ["", "P", "PT", "3D", "P3", "P1M", "P1Y", "PT1D", "P1H", "PT1M1H", "P-1D", "P0D", "P9999999D"] {
            XCTAssertThrowsError(try Validity(text), text)
        }
    }

    func testTemplatesReadPlaceholdersOnce() throws {
        let template = try Template("Hi {lead.first_name}, {{not a placeholder}} {fact.a} {voice.cta}")
        XCTAssertEqual(template.leadFields, ["first_name"])
        XCTAssertEqual(template.factIDs, ["a"])
        for text in ["{", "}", "{lead}", "{lead.}", "{x.y}", "{lead.a b}", "a } b"] {
            XCTAssertThrowsError(try Template(text), text)
        }
    }
}
