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
            XCTAssertEqual(other, reference, "\(threads) threads, chunks of \(chunk)")
        }
        for kernels in Kernels.all {
            let part = Array(ids.prefix(18))
            let other = try logits(part, threads: 2, chunk: 16, kernels: kernels)
            XCTAssertEqual(other, try logits(part, threads: 1, chunk: 128), kernels.name)
        }
    }

    func testRollingBackAndForkingLeaveNoTrace() throws {
        let ids = try text(80)
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 2))
        let inference = Inference(model)
        var straight = KeyValueCache(KeyValueLayout(model.shape))
        let expected = try XCTUnwrap(inference.append(ids, to: &straight)).map(\.bitPattern)

        var cache = KeyValueCache(KeyValueLayout(model.shape))
        _ = inference.append(Array(ids.prefix(40)), to: &cache)
        var fork = cache
        _ = inference.append([5, 6, 7, 8], to: &fork)
        _ = inference.append(Array(ids.prefix(60).reversed()), to: &cache)
        cache.roll(backTo: 40)
        let continued = try XCTUnwrap(inference.append(Array(ids[40...]), to: &cache)).map(\.bitPattern)
        XCTAssertEqual(continued, expected, "after rolling back")
        XCTAssertEqual(cache.tokens, ids)

        fork.roll(backTo: 33)
        let forked = try XCTUnwrap(inference.append(Array(ids[33...]), to: &fork)).map(\.bitPattern)
        XCTAssertEqual(forked, expected, "in a fork")
    }

    func testCancellationStopsBetweenChunks() throws {
        let model = try Transformer(GGUFFile(path: Model.path), pool: ThreadPool(threads: 1))
        let inference = Inference(model, chunk: 4)
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        var asked = 0
        let logits = inference.append(try text(20), to: &cache) {
            asked += 1
            return asked == 3
        }
        XCTAssertNil(logits)
        XCTAssertEqual(cache.count, 8)
    }

    /// The bits of the logits behind the last token.
    private func logits(_ ids: [Int32], threads: Int, chunk: Int, kernels: Kernels = .best) throws -> [UInt32] {
        let model = try Transformer(
            GGUFFile(path: Model.path), pool: ThreadPool(threads: threads), kernels: kernels)
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        return try XCTUnwrap(Inference(model, chunk: chunk).append(ids, to: &cache)).map(\.bitPattern)
    }

    private func text(_ count: Int) throws -> [Int32] {
        let sentence = "The quick brown fox wrote a short letter to 17 plant managers, and each of them answered it. "
        let ids = try Tokenizer(GGUFFile(path: Model.path)).encode(String(repeating: sentence, count: 8))
        return Array(ids.prefix(count))
    }
}
