import Foundation

/// Draws the tokens of one attempt at one slot.
///
/// Deterministic: the same logits and seed give the same tokens. Of tokens with equal logits the lower id comes first.
public struct Sampler: Sendable {
    private let sampling: Sampling
    private var random: SplitMix64
    /// The likeliest tokens of the step, kept for its storage.
    private var candidates: [Candidate] = []

    private struct Candidate {
        let token: Int32
        let logit: Float

        /// Whether a token is drawn before another.
        static func > (a: Candidate, b: Candidate) -> Bool {
            a.logit > b.logit || (a.logit == b.logit && a.token < b.token)
        }
    }

    /// Creates a sampler; one for each attempt, from ``Swift/UInt64/mixed(slot:attempt:)``.
    public init(sampling: Sampling, seed: UInt64) {
        self.sampling = sampling
        random = SplitMix64(seed: seed)
    }

    /// A token, and its log-probability.
    public typealias Draw = (token: Int32, logProbability: Float)

    /// Draws a token.
    ///
    /// - Parameter logits: one for each token of the vocabulary; `-infinity` forbids a token. They are only read.
    /// - Returns: the token, and its log-probability as the model sees it: by the softmax of all logits, before
    ///   temperature and cuts.
    public mutating func draw(logits: UnsafeBufferPointer<Float>) -> Draw {
        let isGreedy = sampling.temperature <= 0
        collect(logits, count: isGreedy ? 1 : sampling.topK > 0 ? min(sampling.topK, logits.count) : logits.count)
        // Only a broken model has no number at all among its logits.
        guard let first = candidates.first else { return (0, -.infinity) }
        let chosen = isGreedy ? first : drawCandidate(largest: first.logit)
        return (chosen.token, chosen.logit - logits.logSumExp)
    }

    /// Draws a token; the same for an array.
    public mutating func draw(logits: [Float]) -> Draw {
        logits.withUnsafeBufferPointer { draw(logits: $0) }
    }

    /// The `count` likeliest tokens, likeliest first. One pass with a small heap: after the first tokens nearly none
    /// pass its threshold.
    private mutating func collect(_ logits: UnsafeBufferPointer<Float>, count: Int) {
        candidates.removeAll(keepingCapacity: true)
        // The least of the candidates, once there are enough. Tokens come in order, so an equal one later is worse.
        var threshold = -Float.infinity
        for index in logits.indices {
            let logit = logits[index]
            if candidates.count < count {
                guard !logit.isNaN else { continue }
                candidates.append(Candidate(token: Int32(index), logit: logit))
                siftUp(from: candidates.count - 1)
            } else {
                guard logit > threshold else { continue }
                candidates[0] = Candidate(token: Int32(index), logit: logit)
                siftDown()
            }
            if candidates.count == count { threshold = candidates[0].logit }
        }
        candidates.sort { $0 > $1 }
    }

    /// The heap's root is the least of the candidates.
    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0, candidates[(child - 1) / 2] > candidates[child] {
            candidates.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while 2 * parent + 1 < candidates.count {
            var child = 2 * parent + 1
            if child + 1 < candidates.count, candidates[child] > candidates[child + 1] { child += 1 }
            guard candidates[parent] > candidates[child] else { return }
            candidates.swapAt(parent, child)
            parent = child
        }
    }

    /// Draws by probability among the fewest candidates that reach `topP` of what `topK` left.
    private mutating func drawCandidate(largest: Float) -> Candidate {
        let weights = candidates.map { Double(exp(($0.logit - largest) / sampling.temperature)) }
        let wanted = weights.reduce(0, +) * Double(min(1, max(0, sampling.topP)))
        var kept = 0.0
        var count = 0
        while count < weights.count, count == 0 || kept < wanted {
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
