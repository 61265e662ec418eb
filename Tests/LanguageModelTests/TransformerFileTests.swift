import Foundation
import LanguageModel
import XCTest

/// Files of every tensor type that we run, and files that we must refuse by name.
final class TransformerFileTests: XCTestCase {
    private let tokens: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 35]

    func testEveryTypeGivesWhatItsNumbersGiveInSinglePrecision() throws {
        for weights in TinyModel.Weights.allCases {
            let stored = try logits(TinyModel(weights: weights))
            let exact = try logits(TinyModel(weights: weights, asFloats: true))
            XCTAssertEqual(stored.count, 37)
            XCTAssertGreaterThan(exact.max() ?? 0, 0.1, "the logits say something")
            // Blocks of activations are rounded to a digit or two; a wrong scale or nibble is off by ten times this.
            for (a, b) in zip(stored, exact) { XCTAssertEqual(a, b, accuracy: 0.1, "\(weights)") }
        }
    }

    func testAScaleThatIsNotFiniteIsRefusedByName() throws {
        for weights in TinyModel.Weights.allCases {
            for name in ["blk.1.ffn_up.weight", "token_embd.weight"] {
                XCTAssertThrowsError(try logits(TinyModel(weights: weights, broken: name)), "\(weights)") { error in
                    XCTAssertEqual((error as? LanguageModelError)?.code, .malformedFile)
                    XCTAssertTrue("\(error)".contains(name), "\(error)")
                }
            }
        }
    }

    func testWhatCannotRunIsRefusedByName() throws {
        let name = "blk.1.ffn_down.weight"
        for (model, code, word) in [
            (TinyModel(architecture: "phi3"), LanguageModelError.Code.unsupportedModel, "phi3"),
            (TinyModel(missing: name), .malformedFile, name),
            (TinyModel(short: name), .malformedFile, name),
            (TinyModel(broken: "blk.0.ffn_norm.weight"), .malformedFile, "blk.0.ffn_norm.weight"),
            (TinyModel(extra: "blk.0.attn_output.bias"), .unsupportedModel, "blk.0.attn_output.bias"),
        ] {
            XCTAssertThrowsError(try logits(model)) { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, code)
                XCTAssertTrue("\(error)".contains(word), "\(error)")
            }
        }
    }

    func testAModelLargerThanMemoryIsRefused() throws {
        XCTAssertThrowsError(try logits(TinyModel(isHuge: true))) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, .insufficientMemory)
        }
    }

    func testAFileWithoutOutputWeightsUsesTheEmbeddings() throws {
        XCTAssertEqual(try logits(TinyModel(missing: "output.weight")).count, 37)
    }

    private func logits(_ tiny: TinyModel) throws -> [Float] {
        let path = try tiny.write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try Transformer(GGUFFile(path: path), pool: ThreadPool(threads: 2))
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        return try XCTUnwrap(Inference(model, rows: 4).append(tokens, to: &cache, last: { Array($0) }))
    }
}
