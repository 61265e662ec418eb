import Foundation
import JSON
import LanguageModel
import Synchronization
import TestSupport
import XCTest

/// The reference cases: log-probabilities by single-precision arithmetic on the same weights.
final class LogprobsTests: XCTestCase {
    func testAgreesWithTheReference() throws {
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 2))
        let inference = Inference(model)
        var differences: [Double] = []
        var agreements = 0
        for line in try Fixture.lines("logprobs.jsonl") {
            let reference = try JSONDecoder().decode(Reference.self, from: line)
            var sequence = KeyValueCache(KeyValueLayout(model.shape))
            var batch = Batch()
            batch.add(reference.ids, to: &sequence)
            let seen = Mutex([[Double]](repeating: [], count: batch.count))
            inference.pass(batch, logitsOf: Array(reference.ids.indices)) { position, logits in
                let total = log(logits.reduce(0) { $0 + exp(Double($1)) })
                let values = logits.map { Double($0) - total }
                seen.withLock { $0[position] = values }
            }
            let ours = seen.withLock(\.self)
            for (values, (ids, expected)) in zip(ours, zip(reference.top_ids, reference.top_logprobs)) {
                agreements += values.indices.max { values[$0] < values[$1] } == ids.first ? 1 : 0
                differences += zip(ids, expected).map { abs(values[$0] - $1) }
            }
            let likelihood = zip(ours, reference.ids.dropFirst()).reduce(0) { $0 - $1.0[Int($1.1)] }
            XCTAssertEqual(likelihood / Double(ours.count - 1), reference.mean_nll, accuracy: 0.05)
        }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let agreement = Double(agreements) / Double(differences.count / 20)
        print("mean absolute difference of the top 20: \(mean); same likeliest token: \(agreement)")
        XCTAssertLessThanOrEqual(mean, 0.06)
        XCTAssertGreaterThanOrEqual(agreement, 0.97)
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
