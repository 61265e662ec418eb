import LanguageModel
import XCTest

final class WriteTrialTests: XCTestCase {
    func testTheFirstTextThatPassesStands() throws {
        var trial = WriteTrial(slot(attempts: 2), index: 0, seed: 1)
        let result = try XCTUnwrap(trial.judge("good", score: -0.5))
        XCTAssertEqual(result.outcome, .stood)
        XCTAssertEqual(result.text, "good")
        XCTAssertEqual(result.attempts, 1)
        XCTAssertEqual(result.score, -0.5)
        XCTAssertEqual(result.reasons, [])
    }

    func testALaterTextIsARewrite() throws {
        var trial = WriteTrial(slot(attempts: 3), index: 0, seed: 1)
        let first = trial.attemptSeed
        XCTAssertNil(trial.judge("bad", score: -1))
        XCTAssertNotEqual(trial.attemptSeed, first)
        XCTAssertNil(trial.judge("", score: nil))
        let result = try XCTUnwrap(trial.judge("good", score: -2))
        XCTAssertEqual(result.outcome, .rewritten)
        XCTAssertEqual(result.attempts, 3)
        XCTAssertEqual(result.reasons, ["bad is not good", "no finished text within 5 words"])
    }

    func testTheFallbackStandsAtLast() throws {
        for attempts in [0, 1] {
            var trial = WriteTrial(slot(attempts: attempts), index: 0, seed: 1)
            let result = try XCTUnwrap(trial.judge("bad", score: -1))
            XCTAssertEqual(result.outcome, .fallback)
            XCTAssertEqual(result.text, "default")
            XCTAssertEqual(result.attempts, 1)
            XCTAssertNil(result.score)
        }
    }

    private func slot(attempts: Int) -> WriteSlot {
        WriteSlot(name: "s", maximumWords: 5, attempts: attempts, fallback: "default") { text in
            text == "good" ? .stands : .fails("\(text) is not good")
        }
    }
}
