import Foundation
import LanguageModel
import XCTest

final class SamplingTests: XCTestCase {
    func testSettingsFromBeforeAFieldExistedStillRead() throws {
        let old = Data(#"{"temperature": 0.25, "topK": 7, "topP": 0.5}"#.utf8)
        XCTAssertEqual(
            try JSONDecoder().decode(Sampling.self, from: old), Sampling(temperature: 0.25, topK: 7, topP: 0.5))
        let full = Sampling(
            temperature: 1, topK: 3, topP: 0.5, minP: 0.125, repetitionPenalty: 1.25, penaltyWindow: 9)
        XCTAssertEqual(try JSONDecoder().decode(Sampling.self, from: JSONEncoder().encode(full)), full)
        XCTAssertThrowsError(try JSONDecoder().decode(Sampling.self, from: Data(#"{"minP": "a"}"#.utf8)))
    }

    func testWhatIsOutOfRangeIsRefusedByName() throws {
        let cases: [(name: String, sampling: Sampling)] = [
            ("temperature", Sampling(temperature: -1)), ("temperature", Sampling(temperature: .nan)),
            ("temperature", Sampling(temperature: .infinity)), ("topK", Sampling(topK: -1)),
            ("topP", Sampling(topP: 1.5)), ("topP", Sampling(topP: .nan)), ("minP", Sampling(minP: -0.1)),
            ("minP", Sampling(minP: 2)), ("repetitionPenalty", Sampling(repetitionPenalty: 0.5)),
            ("repetitionPenalty", Sampling(repetitionPenalty: .infinity)),
            ("penaltyWindow", Sampling(penaltyWindow: -1)),
        ]
        for (name, sampling) in cases {
            let request = GenerationRequest(
                messages: [], neutralMessages: [], segments: [.literal("a")], seed: 1, sampling: sampling)
            XCTAssertThrowsError(try request.validate(), name) { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, .invalidRequest, name)
                XCTAssertTrue("\(error)".contains(name), "\(error) does not say: \(name)")
            }
        }
        for sampling in [
            Sampling(), Sampling(temperature: 0, topK: 0, topP: 0, penaltyWindow: 0),
            Sampling(temperature: 100, topP: 1, minP: 1, repetitionPenalty: 1),
        ] {
            XCTAssertNoThrow(try sampling.validate())
        }
    }
}
