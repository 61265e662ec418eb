import CKernels
import Foundation

/// Draws the tokens of one attempt at one slot.
///
/// Deterministic: the same logits and seed give the same tokens. Of tokens with equal logits the lower id comes first.
///
/// The cuts, in order: the repetition penalty, top-k, the temperature, then top-p and min-p, both on what top-k left.
public struct Sampler: Sendable {
    private let sampling: Sampling
    private var random: SplitMix64
    /// The last tokens, at most ``Sampling/penaltyWindow``.
    private var recent: [Int32] = []
    /// The likeliest tokens of the step, kept for its storage, as the next two.
    private var candidates: [Candidate] = []
    /// [at least as many as were ever looked for]
    private var entries: [ck_entry] = []
    /// [vocabulary / CK_SELECT_BLOCK]
    private var maxima: [Float] = []

    private struct Candidate {
        let token: Int32
        /// As the model gave it.
        let logit: Float
        /// What it is drawn by: the logit after the repetition penalty.
        let score: Float

        /// Whether a token is drawn before another.
        static func > (a: Candidate, b: Candidate) -> Bool {
            a.score > b.score || (a.score == b.score && a.token < b.token)
        }
    }

    /// Creates a sampler; one for each attempt, from ``Swift/UInt64/mixed(slot:attempt:)``.
    ///
    /// - Parameter preceding: the tokens before, for the repetition penalty.
    public init(
        sampling: Sampling, seed: UInt64,
        precededBy preceding: some BidirectionalCollection<Int32> = EmptyCollection()
    ) {
        self.sampling = sampling
        random = SplitMix64(seed: seed)
        note(preceding)
    }

    /// Takes notice of tokens that stand in the text without having been drawn here.
    public mutating func note(_ tokens: some BidirectionalCollection<Int32>) {
        guard sampling.repetitionPenalty != 1 else { return }
        recent.append(contentsOf: tokens.suffix(max(0, sampling.penaltyWindow)))
        recent.removeFirst(max(0, recent.count - max(0, sampling.penaltyWindow)))
    }

    /// A token, and its log-probability.
    public typealias Draw = (token: Int32, logProbability: Float)

    /// Draws a token.
    ///
    /// - Parameter logits: one for each token of the vocabulary; `-infinity` forbids a token. They are only read.
    /// - Returns: the token, and its log-probability as the model sees it: by the softmax of all logits, before
    ///   penalty, temperature and cuts.
    public mutating func draw(logits: UnsafeBufferPointer<Float>) -> Draw {
        // Only a broken model has no number at all among its logits.
        guard let drawn = drawCandidate(logits) else { return (0, -.infinity) }
        return taken(drawn, logits)
    }

    /// Draws a token that a constraint allows.
    ///
    /// The first draw is as without a constraint. Only when the constraint refuses it, another one is drawn among the
    /// allowed tokens; so the model's own distribution stands wherever it fits.
    ///
    /// - Returns: as ``draw(logits:)``; `nil` when no allowed token has a logit.
    public mutating func draw(
        logits: UnsafeBufferPointer<Float>, under constraint: some TokenConstraint
    ) -> Draw? {
        if let drawn = drawCandidate(logits), constraint.allows(drawn.token) { return taken(drawn, logits) }
        var allowedLogits = [Float](repeating: -.infinity, count: logits.count)
        constraint.allowedTokens.forEach { token in
            if Int(token) < logits.count { allowedLogits[Int(token)] = logits[Int(token)] }
        }
        return allowedLogits.withUnsafeBufferPointer { drawCandidate($0) }.map { taken($0, logits) }
    }

    /// Draws a token; the same for an array.
    public mutating func draw(logits: [Float]) -> Draw {
        logits.withUnsafeBufferPointer { draw(logits: $0) }
    }

    /// Draws a token that a constraint allows; the same for an array.
    public mutating func draw(
        logits: [Float], under constraint: some TokenConstraint
    ) -> Draw? {
        logits.withUnsafeBufferPointer { draw(logits: $0, under: constraint) }
    }

    private mutating func taken(
        _ drawn: Candidate, _ logits: UnsafeBufferPointer<Float>
    ) -> Draw {
        note(CollectionOfOne(drawn.token))
        return (drawn.token, drawn.logit - logits.logSumExp)
    }

    private mutating func drawCandidate(_ logits: UnsafeBufferPointer<Float>) -> Candidate? {
        let isGreedy = sampling.temperature <= 0
        collect(logits, count: isGreedy ? 1 : sampling.topK > 0 ? min(sampling.topK, logits.count) : logits.count)
        guard let first = candidates.first else { return nil }
        return isGreedy ? first : drawByProbability(largest: first.score)
    }

    /// The `count` likeliest tokens, likeliest first.
    private mutating func collect(_ logits: UnsafeBufferPointer<Float>, count: Int) {
        candidates.removeAll(keepingCapacity: true)
        // A penalty only lowers, so each penalised token lets at most one other one move up among the first `count`.
        let wanted = min(logits.count, count + recent.count)
        let blocks = (logits.count + Int(CK_SELECT_BLOCK) - 1) / Int(CK_SELECT_BLOCK)
        if maxima.count < blocks { maxima = Array(repeating: 0, count: blocks) }
        if entries.count < wanted { entries = Array(repeating: ck_entry(), count: wanted) }
        let found = ck_largest(logits.baseAddress, Int64(logits.count), Int64(wanted), &maxima, &entries)
        for entry in entries[..<Int(found)] {
            let isRecent = recent.contains(entry.index)
            candidates.append(
                Candidate(
                    token: entry.index, logit: entry.value, score: isRecent ? penalized(entry.value) : entry.value))
        }
        guard !recent.isEmpty else { return }
        candidates.sort { $0 > $1 }
        candidates.removeLast(max(0, candidates.count - count))
    }

    /// llama.cpp's `repeat_penalty`: the same for a token that came once and one that came often.
    private func penalized(_ logit: Float) -> Float {
        logit <= 0 ? logit * sampling.repetitionPenalty : logit / sampling.repetitionPenalty
    }

    /// Draws by probability among the fewest candidates that reach `topP` of what `topK` left, and of those among the
    /// ones that have `minP` of the likeliest one's probability.
    private mutating func drawByProbability(largest: Float) -> Candidate {
        let weights = candidates.map { Double(exp(($0.score - largest) / sampling.temperature)) }
        let wanted = weights.reduce(0, +) * Double(min(1, max(0, sampling.topP)))
        let least = Double(sampling.minP)
        var kept = 0.0
        var count = 0
        while count < weights.count, count == 0 || (kept < wanted && weights[count] >= least) {
            kept += weights[count]
            count += 1
        }
        var place = random.nextUnit() * kept
        for index in 0..<count {
            place -= weights[index]
            if place < 0 { return candidates[index] }
        }
        return candidates[count - 1]
    }
}
