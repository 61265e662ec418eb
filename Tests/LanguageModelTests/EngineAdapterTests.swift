import Foundation
import LanguageModel
import TestSupport
import XCTest

/// Adapters at run time: several in one batch, each text as if it were alone with its own.
final class EngineAdapterTests: XCTestCase {
    func testSeveralAdaptersInOneBatchEachWriteAsIfAlone() async throws {
        let alone = try LocalModel(path: Model.path, threads: 1, cacheBytes: 0, texts: 1)
        let together = try LocalModel(path: Model.path, threads: 2)
        for model in [alone, together] {
            try load("first", seed: 1, into: model)
            try load("second", seed: 2, into: model)
        }
        let adapters: [String?] = [nil, "first", "second", nil, "second", "first"]
        var expected: [[Int32]] = []
        for (index, adapter) in adapters.enumerated() { expected.append(try await Self.tokens(alone, index, adapter)) }
        let plain = try await Self.tokens(alone, 1, nil)
        let other = try await Self.tokens(alone, 1, "second")
        XCTAssertEqual(Set([expected[1], plain, other]).count, 3, "the adapters change the text, each otherwise")
        for round in ["cold", "warm"] {
            let texts = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
                for (index, adapter) in adapters.enumerated() {
                    group.addTask { (index, try await Self.tokens(together, index, adapter)) }
                }
                var texts: [Int: [Int32]] = [:]
                for try await (index, tokens) in group { texts[index] = tokens }
                return texts
            }
            for (index, tokens) in expected.enumerated() { XCTAssertEqual(texts[index], tokens, "\(round) \(index)") }
        }
    }

    func testAnAdapterIsSwappedUnderItsName() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        try load("voice", seed: 1, into: model)
        let before = try await Self.tokens(model, 0, "voice")
        try load("voice", seed: 2, into: model)
        let after = try await Self.tokens(model, 0, "voice")
        XCTAssertNotEqual(before, after)
        try load("voice", seed: 1, into: model)
        let again = try await Self.tokens(model, 0, "voice")
        XCTAssertEqual(again, before)
        model.remove(adapter: "voice")
        do {
            _ = try await Self.tokens(model, 0, "voice")
            XCTFail("it was removed")
        } catch {
            XCTAssertEqual((error as? LanguageModelError)?.code, .unknownAdapter)
        }
    }

    func testAnAdapterOfAnotherModelIsRefused() throws {
        let model = try LocalModel(path: Model.path, threads: 1)
        XCTAssertThrowsError(
            try TemporaryFolder.use { try model.load(adapter: "tiny", path: TinyAdapter().writePEFT($0)) }
        ) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, .adapterMismatch)
        }
    }

    func testAPairChangesWhatMergedWeightsWould() throws {
        let tensor = "blk.0.ffn_down.weight"
        let tiny = TinyAdapter(
            targets: [TinyAdapter.Target(module: "model.layers.0.mlp.down_proj", tensor: tensor, rows: 64, columns: 96)]
        )
        let (_, down, up) = try XCTUnwrap(tiny.pairs.first)
        let scale = Float(tiny.alpha) / Float(tiny.rank)
        var change = [Float](repeating: 0, count: 64 * 96)
        for row in 0..<64 {
            for column in 0..<96 {
                for rank in 0..<tiny.rank {
                    change[row * 96 + column] += scale * up[row * tiny.rank + rank] * down[rank * 96 + column]
                }
            }
        }
        let plain = try transformer(TinyModel())
        let merged = try transformer(TinyModel(addition: (tensor, change)))
        let file = try TinyModel().write()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let adapter = try LayeredAdapter(tiny.loadPEFT(AdapterBase(GGUFFile(path: file))), layers: 2)
        let (expected, adapted, without) = try (
            logits(merged), logits(plain, adapter), logits(plain)
        )
        for (a, b) in zip(adapted, expected) { XCTAssertEqual(a, b, accuracy: 1e-3) }
        XCTAssertGreaterThan(zip(without, expected).map { abs($0 - $1) }.max() ?? 0, 0.1, "the adapter matters")
    }

    private func transformer(_ tiny: TinyModel) throws -> Transformer {
        let path = try tiny.write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Transformer(GGUFFile(path: path), pool: ThreadPool(threads: 2))
    }

    private func logits(_ model: Transformer, _ adapter: LayeredAdapter? = nil) throws -> [Float] {
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        return try XCTUnwrap(Inference(model).append([3, 1, 4, 1, 5], to: &cache, adapter) { Array($0) })
    }

    /// A small change of three of SmolLM2-135M's projections.
    private func load(_ name: String, seed: UInt64, into model: LocalModel) throws {
        let adapter = TinyAdapter(
            targets: [
                TinyAdapter.Target(
                    module: "model.layers.3.self_attn.q_proj", tensor: "blk.3.attn_q.weight", rows: 576, columns: 576,
                    heads: 9),
                TinyAdapter.Target(
                    module: "model.layers.9.self_attn.v_proj", tensor: "blk.9.attn_v.weight", rows: 192, columns: 576),
                TinyAdapter.Target(
                    module: "model.layers.20.mlp.down_proj", tensor: "blk.20.ffn_down.weight", rows: 576,
                    columns: 1536),
            ], seed: seed, alpha: 1)
        try TemporaryFolder.use { try model.load(adapter: name, path: adapter.writePEFT($0)) }
    }

    private static func tokens(_ model: LocalModel, _ index: Int, _ adapter: String?) async throws -> [Int32] {
        try await model.complete(
            [ChatMessage(.user, "Write a short letter to reader \(index) about the new data catalogue.")],
            maximumTokens: 12, sampling: Sampling(temperature: 0), adapter: adapter, ignoresEnd: true
        ).tokens
    }
}
