import LanguageModel
import TestSupport
import XCTest

/// A token's numbers depend on the tokens before it alone: the same bits whatever the chunk, threads or processor.
final class TransformerExactnessTests: XCTestCase {
    func testChunksThreadsAndKernelsDoNotShow() throws {
        let ids = try text(70)
        let reference = try logits(ids, threads: 1, chunk: 128)
        for (threads, chunk) in [(2, 128), (1, 1), (2, 7), (3, 33)] {
            let other = try logits(ids, threads: threads, chunk: chunk)
            XCTAssertTrue(other == reference, "\(threads) threads, chunks of \(chunk)")
        }
        for kernels in Kernels.all {
            let part = Array(ids.prefix(10))
            let other = try logits(part, threads: 2, chunk: 16, kernels: kernels)
            XCTAssertTrue(try logits(part, threads: 1, chunk: 128) == other, kernels.name)
        }
    }

    func testRollingBackAndForkingLeaveNoTrace() throws {
        let ids = try text(80)
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 2))
        let inference = Inference(model)
        var straight = KeyValueCache(KeyValueLayout(model.shape))
        let expected = try XCTUnwrap(inference.append(ids, to: &straight, last: bits))

        var cache = KeyValueCache(KeyValueLayout(model.shape))
        inference.append(ids.prefix(40), to: &cache) { _, _ in }
        var fork = cache
        inference.append([5, 6, 7, 8], to: &fork) { _, _ in }
        inference.append(ids.prefix(60).reversed(), to: &cache) { _, _ in }
        cache.roll(backTo: 40)
        let continued = inference.append(ids[40...], to: &cache, last: bits)
        XCTAssertTrue(continued == expected, "after rolling back")
        XCTAssertEqual(cache.tokens, ids)

        fork.roll(backTo: 33)
        let forked = inference.append(ids[33...], to: &fork, last: bits)
        XCTAssertTrue(forked == expected, "in a fork")
    }

    func testCancellationStopsBetweenChunks() throws {
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 1))
        let inference = Inference(model, chunk: 4)
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        var asked = 0
        let isCancelled = {
            asked += 1
            return asked == 3
        }
        XCTAssertNil(inference.append(try text(20), to: &cache, isCancelled: isCancelled, last: bits))
        XCTAssertEqual(cache.count, 8)
    }

    /// The bits of the logits behind the last token.
    private func logits(_ ids: [Int32], threads: Int, chunk: Int, kernels: Kernels = .best) throws -> [UInt32] {
        let model = try Transformer(
            GGUFFile(path: Model.path), pool: ThreadPool(threads: threads), kernels: kernels)
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        return try XCTUnwrap(Inference(model, chunk: chunk).append(ids, to: &cache, last: bits))
    }

    private func bits(_ logits: UnsafeBufferPointer<Float>) -> [UInt32] { logits.map(\.bitPattern) }

    private func text(_ count: Int) throws -> [Int32] {
        let sentence = "The quick brown fox wrote a short letter to 17 plant managers, and each of them answered it. "
        let ids = try Tokenizer(GGUFFile(path: Model.path)).encode(String(repeating: sentence, count: 8))
        return Array(ids.prefix(count))
    }
}
