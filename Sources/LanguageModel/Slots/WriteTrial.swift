/// The attempts at one `write` slot: which seed is next, and whose text stands at the end.
///
/// Pure: the caller writes, this decides.
/// ```swift
/// var trial = WriteTrial(slot, index: 0, seed: request.seed)
/// repeat { text = write(seed: trial.attemptSeed) } while trial.judge(text, score: score) == nil
/// ```
public struct WriteTrial: Sendable {
    private let slot: WriteSlot
    private let index: Int
    private let seed: UInt64
    private var reasons: [String] = []

    /// - Parameters:
    ///   - index: the slot's place among the slots of the text.
    ///   - seed: the generation's seed.
    public init(_ slot: WriteSlot, index: Int, seed: UInt64) {
        self.slot = slot
        self.index = index
        self.seed = seed
    }

    /// The seed of the attempt that is to be made.
    public var attemptSeed: UInt64 { seed.mixed(slot: index, attempt: reasons.count) }

    /// Judges an attempt's text.
    ///
    /// - Parameter score: the mean log-probability a token, if known.
    /// - Returns: the slot's result, or `nil` when there is another attempt to be made.
    public mutating func judge(_ text: String, score: Double?) -> SlotResult? {
        let verdict = text.isEmpty ? .fails("no finished text within \(slot.maximumWords) words") : slot.check(text)
        switch verdict {
        case .stands:
            return SlotResult(
                name: slot.name, mode: .write, outcome: reasons.isEmpty ? .stood : .rewritten, text: text,
                attempts: reasons.count + 1, reasons: reasons, score: score)
        case .fails(let reason):
            reasons.append(reason)
            guard reasons.count >= slot.attempts else { return nil }
            return SlotResult(
                name: slot.name, mode: .write, outcome: .fallback, text: slot.fallback, attempts: reasons.count,
                reasons: reasons, score: nil)
        }
    }
}
