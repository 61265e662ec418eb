import LanguageModel
import Synchronization
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
        let expected = try XCTUnwrap(inference.append(ids, to: &straight, last: Self.bits))

        var cache = KeyValueCache(KeyValueLayout(model.shape))
        inference.append(ids.prefix(40), to: &cache)
        var fork = cache
        inference.append([5, 6, 7, 8], to: &fork)
        inference.append(ids.prefix(60).reversed(), to: &cache)
        cache.roll(backTo: 40)
        let continued = inference.append(ids[40...], to: &cache, last: Self.bits)
        XCTAssertTrue(continued == expected, "after rolling back")
        XCTAssertEqual(cache.tokens, ids)

        fork.roll(backTo: 33)
        let forked = inference.append(ids[33...], to: &fork, last: Self.bits)
        XCTAssertTrue(forked == expected, "in a fork")
    }

    func testOtherSequencesOfABatchDoNotShow() throws {
        let ids = try text(80)
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 2))
        let inference = Inference(model)
        let layout = KeyValueLayout(model.shape)
        var shared = KeyValueCache(layout)
        inference.append(ids.prefix(45), to: &shared)
        // Forks that share a page, go on differently and by different lengths, and a stranger between them.
        let tails = [[ids[45], 7, 9], [ids[50]], [11, 12, 13, 14, 15], [ids[45]]]
        let expected = try tails.map { tail in
            var alone = shared
            return try XCTUnwrap(inference.append(tail, to: &alone, last: Self.bits))
        }
        var stranger = KeyValueCache(layout)
        let strange = try XCTUnwrap(inference.append(ids.suffix(20), to: &stranger, last: Self.bits))

        var batch = Batch()
        var rows: [Int] = []
        for tail in tails.prefix(2) {
            var fork = shared
            batch.add(tail, to: &fork)
            rows.append(batch.count - 1)
        }
        var other = KeyValueCache(layout)
        batch.add(ids.suffix(20), to: &other)
        rows.append(batch.count - 1)
        for tail in tails.suffix(2) {
            var fork = shared
            batch.add(tail, to: &fork)
            rows.append(batch.count - 1)
        }
        let seen = Mutex<[Int: [UInt32]]>([:])
        inference.pass(batch, logitsOf: rows) { index, logits in
            let bits = Self.bits(logits)
            seen.withLock { $0[index] = bits }
        }
        let logits = seen.withLock(\.self)
        XCTAssertTrue(logits[0] == expected[0])
        XCTAssertTrue(logits[1] == expected[1])
        XCTAssertTrue(logits[2] == strange)
        XCTAssertTrue(logits[3] == expected[2])
        XCTAssertTrue(logits[4] == expected[3])
    }

    /// The bits of the logits behind the last token.
    private func logits(_ ids: [Int32], threads: Int, chunk: Int, kernels: Kernels = .best) throws -> [UInt32] {
        let model = try Transformer(
            GGUFFile(path: Model.path), pool: ThreadPool(threads: threads), kernels: kernels)
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        return try XCTUnwrap(Inference(model, rows: chunk).append(ids, to: &cache, last: Self.bits))
    }

    private static func bits(_ logits: UnsafeBufferPointer<Float>) -> [UInt32] { logits.map(\.bitPattern) }

    private func text(_ count: Int) throws -> [Int32] {
        let sentence = "The quick brown fox wrote a short letter to 17 plant managers, and each of them answered it. "
        let ids = try Tokenizer(GGUFFile(path: Model.path)).encode(String(repeating: sentence, count: 8))
        return Array(ids.prefix(count))
    }
}

extension Inference {
    /// Adds tokens to a sequence.
    fileprivate func append(_ tokens: some RandomAccessCollection<Int32>, to cache: inout KeyValueCache) {
        _ = append(tokens, to: &cache) { _ in }
    }
}
