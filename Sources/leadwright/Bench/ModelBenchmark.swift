import JSON
import LanguageModel
import Synchronization

/// A model's bare speed, without requests around it: what llama.cpp's llama-bench and llama-batched-bench measure.
///
/// Tokens are drawn evenly from the vocabulary: their kind does not change the work. Each figure is the median of
/// `repetitions`, after one that is not counted.
struct ModelBenchmark {
    private let inference: Inference
    private let layout: KeyValueLayout
    private let repetitions: Int
    /// [prefixLength]
    private let prefix: [Int32]

    /// Tokens that are read before decoding, and shared by all sequences.
    static let prefixLength = 512
    /// Tokens that each sequence decodes.
    static let decodedLength = 128
    /// Sequences that decode together.
    static let sequences = 16

    /// Loads the model.
    ///
    /// - Throws: ``LanguageModelError``; `contextOverflow` for a model that reads fewer tokens than this needs.
    init(path: String, threads: Int, repetitions: Int) throws(LanguageModelError) {
        let transformer = try Transformer(GGUFFile(path: path), pool: ThreadPool(threads: threads))
        let needed = Self.prefixLength + Self.decodedLength
        guard transformer.shape.context >= needed else {
            throw LanguageModelError(
                .contextOverflow, "the model reads \(transformer.shape.context) tokens, and this takes \(needed)")
        }
        inference = Inference(transformer)
        layout = KeyValueLayout(transformer.shape)
        self.repetitions = repetitions
        var random = SplitMix64(seed: 0)
        let vocabulary = UInt64(transformer.shape.vocabulary)
        prefix = (0..<Self.prefixLength).map { _ in Int32(random.next() % vocabulary) }
    }

    /// All figures, in tokens a second over all sequences.
    func run() -> [String: JSONValue] {
        [
            "prefill_512_tokens_s": .number(median { seconds { _ = prefilled() }.rate(of: Self.prefixLength) }),
            "decode_1_tokens_s": .number(decoding(sequences: 1)),
            "decode_16_tokens_s": .number(decoding(sequences: Self.sequences)),
        ]
    }

    /// A sequence that holds the prefix, computed from nothing.
    private func prefilled() -> KeyValueCache {
        var cache = KeyValueCache(layout)
        for start in stride(from: 0, to: prefix.count, by: inference.capacity) {
            var batch = Batch()
            batch.add(prefix[start..<min(prefix.count, start + inference.capacity)], to: &cache)
            inference.pass(batch, logitsOf: cache.count == prefix.count ? [batch.count - 1] : []) { _, _ in }
        }
        return cache
    }

    /// Decodes all sequences side by side, each the likeliest token, behind one shared prefix.
    private func decoding(sequences count: Int) -> Double {
        let shared = prefilled()
        return median {
            var sequences = Array(repeating: shared, count: count)
            var last = (0..<count).map(Int32.init)
            let elapsed = seconds {
                for _ in 0..<Self.decodedLength {
                    var batch = Batch()
                    for index in sequences.indices { batch.add([last[index]], to: &sequences[index]) }
                    let drawn = Mutex(last)
                    inference.pass(batch, logitsOf: Array(0..<count)) { index, logits in
                        var sampler = Sampler(sampling: Sampling(temperature: 0), seed: 0)
                        let token = sampler.draw(logits: logits).token
                        drawn.withLock { $0[index] = token }
                    }
                    last = drawn.withLock(\.self)
                }
            }
            return elapsed.rate(of: count * Self.decodedLength)
        }
    }

    private func seconds(_ body: () -> Void) -> Double { ContinuousClock().measure(body) / .seconds(1) }

    private func median(_ measure: () -> Double) -> Double {
        _ = measure()
        return (0..<repetitions).map { _ in measure() }.sorted()[repetitions / 2]
    }
}

extension Double {
    /// Of seconds: how many of something came in one.
    fileprivate func rate(of count: Int) -> Double { Double(count) / self }
}
