import LanguageModel
import Synchronization

/// One sequence through the model, chunk by chunk.
extension Inference {
    /// Adds tokens and shows the logits behind the last.
    func append<Result: Sendable>(
        _ tokens: some RandomAccessCollection<Int32>, to cache: inout KeyValueCache,
        _ adapter: LayeredAdapter? = nil, last show: @escaping @Sendable (Logits) -> Result
    ) -> Result? {
        var result: Result?
        let tokens = Array(tokens)
        for start in stride(from: 0, to: tokens.count, by: capacity) {
            var batch = Batch()
            batch.add(tokens[start..<min(tokens.count, start + capacity)], to: &cache, adapter: adapter)
            let seen = Mutex<Result?>(nil)
            pass(batch, logitsOf: [batch.count - 1]) { _, logits in
                let value = show(logits)
                seen.withLock { $0 = value }
            }
            result = seen.withLock(\.self)
        }
        return result
    }
}
