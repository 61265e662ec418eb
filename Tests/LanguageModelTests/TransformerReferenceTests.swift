import Foundation
import JSON
import LanguageModel
import Synchronization
import XCTest

/// Every architecture, and every tensor type, against llama.cpp (commit 0c1e570, keys and values in single precision),
/// which read the files that ``TinyModel`` writes.
final class TransformerReferenceTests: XCTestCase {
    func testGivesLlamaCppsLogits() throws {
        let lines = try ReferenceFile.cases("tiny.jsonl")
        let ids = try XCTUnwrap(lines[0]["ids"]).tokens
        let positions = try XCTUnwrap(lines[0]["positions"]).tokens.map(Int.init)
        XCTAssertEqual(lines.count - 1, 3 + TinyModel.Weights.allCases.count)
        for line in lines.dropFirst() {
            let architecture = try XCTUnwrap(line["architecture"]?.string)
            let weights = try XCTUnwrap(line["weights"]?.string.flatMap(TinyModel.Weights.init))
            let expected = (line["logits"]?.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
            let ours = try logits(TinyModel(architecture: architecture, weights: weights), ids, at: positions)
            XCTAssertEqual(ours.map(\.count), expected.map(\.count))
            let differences = zip(ours.joined(), expected.joined()).map { abs(Double($0) - $1) }
            let mean = differences.reduce(0, +) / Double(differences.count)
            let spread = expected.joined().map(abs).reduce(0, +) / Double(differences.count)
            print("\(architecture) \(weights.rawValue): \(mean) at a mean size of \(spread)")
            // We keep keys and values in half precision; llama.cpp rounds activations to bfloat16, or to 8 bits in
            // blocks of other sizes. A file that is read wrongly gives differences as large as the logits.
            let limit = [.f32, .f16].contains(weights) ? 0.001 : 0.05 * spread
            XCTAssertLessThan(mean, limit, "\(architecture) \(weights.rawValue)")
        }
    }

    /// The logits behind some of the tokens.
    private func logits(_ tiny: TinyModel, _ ids: [Int32], at positions: [Int]) throws -> [[Float]] {
        let path = try tiny.write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try Transformer(GGUFFile(path: path), pool: ThreadPool(threads: 2))
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        var batch = Batch()
        batch.add(ids, to: &cache)
        let rows = Mutex<[Int: [Float]]>([:])
        Inference(model).pass(batch, logitsOf: positions) { row, logits in
            rows.withLock { $0[row] = Array(logits) }
        }
        return rows.withLock { rows in positions.indices.map { rows[$0] ?? [] } }
    }
}
