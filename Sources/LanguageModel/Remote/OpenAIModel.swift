import Cryptography
import Foundation
public import HTTPClient
import JSON
import Synchronization

/// A model behind a server that speaks the OpenAI protocol: vLLM, llama.cpp's server, or a hosted one.
///
/// The same scaffolds, checks, attempts and fallbacks as with a local model. What differs: a slot is filled by asking
/// (the protocol cannot continue a text), a choice goes by the probability of the variant's letter, and equal requests
/// may give different bytes.
public final class OpenAIModel: LanguageModel {
    public let identity: ModelIdentity
    private let completions: ChatCompletions
    /// Each neutral question's answer. The question is the same for all leads of a playbook.
    private let priors = Mutex<[[ChatMessage]: LetterScores]>([:])

    /// More playbooks and slots than one worker serves; then they are asked again.
    private static let priorLimit = 1_024

    /// - Parameters:
    ///   - baseURL: the server's address, with or without `/v1`.
    ///   - model: the model's name on the server.
    ///   - key: sent as a bearer token; never shown.
    ///   - timeout: for one slot's answer.
    /// - Throws: `invalidRequest` when the address is no http or https URL.
    public init(
        baseURL: String, model: String, key: String? = nil, client: HTTPClient, timeout: Duration = .seconds(120)
    ) throws(LanguageModelError) {
        guard let url = URL(string: baseURL), url.host?.isEmpty == false,
            ["http", "https"].contains(url.scheme?.lowercased())
        else { throw LanguageModelError(.invalidRequest, "the model server's address is no http or https URL") }
        completions = ChatCompletions(baseURL: baseURL, model: model, key: key, client: client, timeout: timeout)
        identity = ModelIdentity(
            name: model, sha256: Hash.sha256(Data("\(completions.address)\n\(model)".utf8)).hexadecimal,
            isReproducible: false)
    }

    /// Asks the server once for each attempt at a `write` slot, and once or twice for each `choose` slot.
    ///
    /// - Throws: ``LanguageModelError``: `unavailable` for no answer, 429 and 5xx, worth trying later;
    ///   `malformedAnswer`; `contextOverflow`; `cancelled`.
    public func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput {
        try request.validate()
        var draft = Draft()
        for segment in request.segments {
            switch segment {
            case .literal(let text): draft.segmentTexts.append(text)
            case .choose(let slot): draft.add(try await choose(slot, request, &draft))
            case .write(let slot): draft.add(try await write(slot, request, &draft))
            }
        }
        return GenerationOutput(
            segmentTexts: draft.segmentTexts, slots: draft.slots, prompt: request.messages.json.canonicalText,
            promptTokens: draft.promptTokens, cachedTokens: draft.cachedTokens, generatedTokens: draft.generatedTokens)
    }

    /// A text while its slots are being filled.
    private struct Draft {
        var segmentTexts: [String] = []
        var slots: [SlotResult] = []
        var promptTokens = 0
        var cachedTokens = 0
        var generatedTokens = 0

        var text: String { segmentTexts.joined() }

        mutating func add(_ result: SlotResult) {
            segmentTexts.append(result.text)
            slots.append(result)
        }

        mutating func count(_ answer: ChatCompletions.Answer) {
            promptTokens += answer.promptTokens
            cachedTokens += answer.cachedTokens
            generatedTokens += answer.generatedTokens
        }
    }

    private func write(_ slot: WriteSlot, _ request: GenerationRequest, _ draft: inout Draft)
        async throws(LanguageModelError) -> SlotResult
    {
        let preceding = draft.text
        var trial = WriteTrial(slot, index: draft.slots.count, seed: request.seed)
        while true {
            let answer = try await completions.ask(
                .init(
                    messages: RemoteQuestions.write(slot, after: preceding, in: request.messages),
                    // Four tokens a word are enough for any language; what is too much is cut by words.
                    maximumTokens: 32 + 4 * min(slot.maximumWords, 10_000),
                    temperature: request.sampling.temperature, topP: request.sampling.topP, seed: trial.attemptSeed,
                    stops: slot.stops))
            draft.count(answer)
            let text = Self.text(of: answer, for: slot, after: preceding)
            if let result = trial.judge(text, score: nil) { return result }
        }
    }

    /// The part of an answer that fits the slot. Answers begin without a space, so the joint gets the one that a
    /// model continuing the text would have written.
    private static func text(of answer: ChatCompletions.Answer, for slot: WriteSlot, after preceding: String) -> String
    {
        var progress = SlotProgress(slot: slot, precededBy: preceding)
        let needsSpace = preceding.last.map { !$0.isWhitespace && !"([{«“‘\"'¿¡".contains($0) } ?? false
        if case .finish(let text) = progress.append(Array("\(needsSpace ? " " : "")\(answer.text)".utf8)) {
            return text
        }
        return answer.isCut ? progress.cut() : progress.end()
    }

    private func choose(_ slot: ChooseSlot, _ request: GenerationRequest, _ draft: inout Draft)
        async throws(LanguageModelError) -> SlotResult
    {
        guard slot.variants.count <= RemoteQuestions.letters.count else {
            throw LanguageModelError(
                .invalidRequest,
                "slot \(slot.name) has \(slot.variants.count) variants; a server can rank \(RemoteQuestions.letters.count)"
            )
        }
        guard slot.variants.count > 1 else { return Self.result(slot, variant: 0, score: nil) }
        let answer = try await ask(
            RemoteQuestions.choose(slot.variants, after: draft.text, in: request.messages), &draft)
        let scores = LetterScores(answer, count: slot.variants.count)
        guard let values = scores.values else {
            guard let named = scores.named else {
                return SlotResult(
                    name: slot.name, mode: .choose, outcome: .fallback, text: slot.variants[0], attempts: 1,
                    reasons: ["the model server named no variant"], score: nil)
            }
            return Self.result(slot, variant: named, score: nil)
        }
        let prior = try await self.prior(slot, request, &draft).values
        let ranked = values.indices.map { index in
            VariantScore(mean: Double(values[index]), prior: prior?[index] ?? 0)
        }
        let best = VariantScore.best(of: ranked) ?? 0
        return Self.result(slot, variant: best, score: ranked[best].value)
    }

    /// What the neutral conversation's answer says.
    private func prior(_ slot: ChooseSlot, _ request: GenerationRequest, _ draft: inout Draft)
        async throws(LanguageModelError) -> LetterScores
    {
        let question = RemoteQuestions.choose(slot.variants, after: slot.neutralPrefix, in: request.neutralMessages)
        if let known = priors.withLock({ $0[question] }) { return known }
        let scores = LetterScores(try await ask(question, &draft), count: slot.variants.count)
        priors.withLock { priors in
            if priors.count >= Self.priorLimit { priors.removeAll() }
            priors[question] = scores
        }
        return scores
    }

    /// Asks for one letter and the probabilities of the others.
    private func ask(_ messages: [ChatMessage], _ draft: inout Draft) async throws(LanguageModelError)
        -> ChatCompletions.Answer
    {
        let answer = try await completions.ask(
            .init(messages: messages, maximumTokens: 1, topLogProbabilities: RemoteQuestions.letters.count))
        draft.count(answer)
        return answer
    }

    private static func result(_ slot: ChooseSlot, variant: Int, score: Double?) -> SlotResult {
        SlotResult(
            name: slot.name, mode: .choose, outcome: .stood, text: slot.variants[variant], attempts: 1, reasons: [],
            score: score)
    }
}
