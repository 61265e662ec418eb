import Foundation
import JSON
import LanguageModel
import TestSupport
import XCTest

/// The reference cases: log-probabilities by single-precision arithmetic on the same weights.
final class LogprobsTests: XCTestCase {
    func testAgreesWithTheReference() throws {
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 2))
        let inference = Inference(model)
        var differences: [Double] = []
        var agreements = 0
        var positions = 0
        for line in try Fixture.lines("logprobs.jsonl") {
            let reference = try JSONDecoder().decode(Reference.self, from: line)
            let ours = try XCTUnwrap(inference.logProbabilities(of: reference.ids, top: 20))
            XCTAssertEqual(ours.meanNegativeLogLikelihood, reference.mean_nll, accuracy: 0.05)
            positions += reference.ids.count
            agreements += zip(ours.topIDs, reference.top_ids).count { $0.first.map(Int.init) == $1.first }
            var cache = KeyValueCache(KeyValueLayout(model.shape))
            inference.append(reference.ids, to: &cache) { position, logits in
                let total = log(logits.reduce(0) { $0 + exp(Double($1)) })
                for (id, value) in zip(reference.top_ids[position], reference.top_logprobs[position]) {
                    differences.append(abs(Double(logits[id]) - total - value))
                }
            }
        }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let agreement = Double(agreements) / Double(positions)
        print("mean absolute difference of the top 20: \(mean); same likeliest token: \(agreement)")
        XCTAssertLessThanOrEqual(mean, 0.01)
        XCTAssertGreaterThanOrEqual(agreement, 0.99)
    }
}

private struct Reference: Decodable {
    let ids: [Int32]
    let mean_nll: Double
    let top_ids: [[Int]]
    let top_logprobs: [[Double]]
}

/// The files beside the tests.
enum Fixture {
    static func lines(_ name: String) throws -> [Data] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n"))
    }
}
