import CKernels

/// What the model expects after each token of a text.
public struct LogProbabilities: Sendable {
    /// For every position the likeliest next tokens, likeliest first; the lower number on a tie.
    public let topIDs: [[Int32]]
    /// Their natural log-probabilities.
    public let topValues: [[Float]]
    /// The mean of -log p of each token but the first, given all before it; 0 for a single token.
    public let meanNegativeLogLikelihood: Double

    /// From what was seen behind each token, in order.
    init(_ positions: [Expectation]) {
        topIDs = positions.map(\.ids)
        topValues = positions.map(\.values)
        let known = positions.compactMap(\.next)
        meanNegativeLogLikelihood =
            known.isEmpty ? 0 : -known.reduce(0.0) { $0 + Double($1) } / Double(known.count)
    }
}

/// What the model expects behind one token.
struct Expectation: Sendable {
    /// The likeliest tokens, likeliest first.
    let ids: [Int32]
    /// Their log-probabilities.
    let values: [Float]
    /// The log-probability of the token that does follow, where one does.
    let next: Float?

    init(_ logits: Inference.Logits, top: Int, next token: Int32?) {
        let normalizer = logits.logSumExp
        let best = logits.largest(top)
        ids = best.map(Int32.init)
        values = best.map { logits[$0] - normalizer }
        next = token.map { logits[Int($0)] - normalizer }
    }
}

extension UnsafeBufferPointer<Float> {
    /// log Σ e^logit: what turns logits into log-probabilities.
    var logSumExp: Float { Kernels.best.table.log_sum_exp(baseAddress, Int64(count)) }

    /// The log-probability of a token.
    func logProbability(of token: Int32) -> Float { self[Int(token)] - logSumExp }

    /// The indices of the largest values, largest first.
    fileprivate func largest(_ count: Int) -> [Int] {
        var best: [Int] = []
        for index in indices {
            if best.count == count, let last = best.last, self[index] <= self[last] { continue }
            let place = best.firstIndex { self[$0] < self[index] } ?? best.count
            if place < count { best.insert(index, at: place) }
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
