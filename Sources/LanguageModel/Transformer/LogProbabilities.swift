import CKernels

/// What the model expects after each token of a text.
public struct LogProbabilities: Sendable {
    /// For every position the likeliest next tokens, likeliest first; the lower number on a tie.
    public let topIDs: [[Int32]]
    /// Their natural log-probabilities.
    public let topValues: [[Float]]
    /// The mean of -log p of each token but the first, given all before it; 0 for a single token.
    public let meanNegativeLogLikelihood: Double
}

extension Inference {
    /// Reads a sequence from its beginning and keeps the `top` likeliest tokens behind every position. `nil` when it
    /// was cancelled.
    package func logProbabilities(of ids: [Int32], top: Int, isCancelled: () -> Bool = { false })
        -> LogProbabilities?
    {
        var cache = KeyValueCache(KeyValueLayout(model.shape))
        var topIDs: [[Int32]] = []
        var topValues: [[Float]] = []
        var surprise = 0.0
        let done = append(ids, to: &cache, isCancelled: isCancelled) { index, logits in
            let normalizer = Self.logSumExp(logits)
            let best = Self.largest(top, of: logits)
            topIDs.append(best.map(Int32.init))
            topValues.append(best.map { logits[$0] - normalizer })
            if index + 1 < ids.count { surprise += Double(normalizer - logits[Int(ids[index + 1])]) }
        }
        guard done else { return nil }
        return LogProbabilities(
            topIDs: topIDs, topValues: topValues,
            meanNegativeLogLikelihood: ids.count > 1 ? surprise / Double(ids.count - 1) : 0)
    }

    /// log Σ e^logit: what turns logits into log-probabilities.
    static func logSumExp(_ logits: UnsafeBufferPointer<Float>) -> Float {
        Kernels.best.table.log_sum_exp(logits.baseAddress, Int64(logits.count))
    }

    /// The indices of the largest values, largest first.
    private static func largest(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        var best: [Int] = []
        for index in values.indices {
            if best.count == count, let last = best.last, values[index] <= values[last] { continue }
            let place = best.firstIndex { values[$0] < values[index] } ?? best.count
            if place < count { best.insert(index, at: place) }
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
