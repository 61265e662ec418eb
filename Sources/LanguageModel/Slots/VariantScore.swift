/// How well a variant of a `choose` slot fits this lead.
///
/// The mean log-probability a token, so that a long variant is not worse for being long, less the same mean under
/// the neutral conversation, so that a common phrase is not better for being common.
public struct VariantScore: Sendable, Hashable {
    /// The score; higher is better. A score that is no number counts as the lowest.
    public let value: Double

    /// - Parameters:
    ///   - mean: ``mean(_:)`` of the log-probabilities of the variant's tokens, after the text so far.
    ///   - prior: the same after the neutral conversation.
    public init(mean: Double, prior: Double) {
        let value = mean - prior
        self.value = value.isNaN ? -.infinity : value
    }

    /// The mean; of nothing, 0.
    public static func mean(_ logProbabilities: some Sequence<Float>) -> Double {
        var sum = 0.0
        var count = 0
        for logProbability in logProbabilities {
            sum += Double(logProbability)
            count += 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// The place of the highest score, the earlier of equal ones; `nil` without scores.
    public static func best(of scores: [VariantScore]) -> Int? {
        scores.indices.dropFirst().reduce(scores.indices.first) { best, index in
            guard let best else { return nil }
            return scores[index].value > scores[best].value ? index : best
        }
    }
}
