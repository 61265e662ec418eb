import LanguageModel
import Synchronization

/// A model that writes what a test wants: the first variant of a choice, a counted sentence in a `write` slot. What
/// the slots' rules refuse falls back, as with a real model.
final class FixedModel: LanguageModel {
    let identity = ModelIdentity(name: "fixed", sha256: String(repeating: "0", count: 64), isReproducible: true)
    private let sentence: String
    private let calls = Mutex(0)
    /// Runs before each text is made, so that a test can change the world meanwhile.
    private let before: @Sendable (Int) async -> Void

    init(sentence: String = "It is late.", before: @escaping @Sendable (Int) async -> Void = { _ in }) {
        self.sentence = sentence
        self.before = before
    }

    func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput {
        await before(
            calls.withLock { calls in
                calls += 1
                return calls
            })
        var texts: [String] = []
        var slots: [SlotResult] = []
        for segment in request.segments {
            switch segment {
            case .literal(let text): texts.append(text)
            case .choose(let slot):
                texts.append(slot.variants[0])
                slots.append(
                    SlotResult(
                        name: slot.name, mode: .choose, outcome: .stood, text: slot.variants[0], attempts: 1,
                        reasons: [],
                        score: 0))
            case .write(let slot):
                let verdict = slot.check(sentence)
                let text = verdict == .stands ? sentence : slot.fallback
                texts.append(text)
                slots.append(
                    SlotResult(
                        name: slot.name, mode: .write, outcome: verdict == .stands ? .stood : .fallback, text: text,
                        attempts: 1, reasons: [], score: nil))
            }
        }
        return GenerationOutput(
            segmentTexts: texts, slots: slots, prompt: "prompt", promptTokens: 1, cachedTokens: 0, generatedTokens: 1)
    }
}
