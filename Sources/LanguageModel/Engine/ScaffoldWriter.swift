/// Fills one scaffold from its beginning to its end, over one sequence.
///
/// The model always reads the tokens that the text has as a whole, never those that its pieces have on their own: a
/// text has one tokenization, whoever wrote it and whatever was tried before. So before each slot the text so far is
/// encoded again, the sequence goes back to where the tokens begin to differ (usually the slot before), and only the
/// rest is computed.
///
/// The joint of literal and slot: vocabularies keep a space together with the word behind it. So the model reads the
/// text without the spaces at its end, and they become the beginning of what comes: of a variant when it is scored;
/// of a written text by ``SlotProgress``, which leaves them out again. What stands is the literal and the slot's text
/// as they are, joined.
struct ScaffoldWriter: Writer {
    private let request: GenerationRequest
    private let tokenizer: Tokenizer
    private let context: Int
    /// The conversation as the model reads it.
    private let renderedPrompt: String
    /// The conversation's tokens.
    private let prompt: [Int32]
    /// The conversation that priors are taken from.
    private let neutralPrompt: [Int32]
    private let adapterSHA256: String?

    /// What the last readings were for.
    private var stage = Stage.prompt
    private var sequence: KeyValueCache?
    private var cachedTokens = 0
    private var literalTokens = 0
    private var generatedTokens = 0
    private var segmentTexts: [String] = []
    private var slots: [SlotResult] = []

    private enum Stage {
        case prompt
        case choosing(ChooseSlot)
        case writing(Attempt)
    }

    /// One text that is being written for a slot.
    private struct Attempt {
        let slot: WriteSlot
        var trial: WriteTrial
        var progress: SlotProgress
        var read: [Int32]
        var logProbabilities: [Float] = []
    }

    /// - Throws: `contextOverflow` when prompt and scaffold do not fit, each slot taken at its longest variant or its
    ///   fallback.
    init(
        _ request: GenerationRequest, _ tokenizer: Tokenizer, _ template: ChatTemplate, context: Int,
        adapterSHA256: String? = nil
    ) throws(LanguageModelError) {
        self.request = request
        self.tokenizer = tokenizer
        self.context = context
        self.adapterSHA256 = adapterSHA256
        renderedPrompt = template.render(request.messages)
        prompt = template.tokens(request.messages, tokenizer)
        neutralPrompt = template.tokens(request.neutralMessages, tokenizer)
        let needed = request.segments.reduce(prompt.count) { $0 + tokenizer.longestTokenCount(of: $1) }
        guard needed <= context else { throw .overflow(needed, context: context) }
    }

    mutating func next(_ answers: [Answer]) throws(LanguageModelError) -> WritingStep<GenerationOutput> {
        guard let first = answers.first else {
            // Before any slot: a slot's prior begins with the same voice and brief as the prompt.
            return .read([Reading(prompt, .nothing, kept: prompt.count)])
        }
        switch stage {
        case .prompt:
            sequence = first.sequence
            cachedTokens = first.knownTokens
        case .choosing(let slot):
            add(try choose(slot, answers))
        case .writing(var attempt):
            sequence = first.sequence
            guard case .drawn(let drawn, let sampler) = first.value else { break }
            guard let text = take(drawn, &attempt) else {
                stage = .writing(attempt)
                return .read([Reading(attempt.read, from: sequence, .draw(sampler))])
            }
            let score = VariantScore.mean(attempt.logProbabilities)
            guard let result = attempt.trial.judge(text, score: score) else {
                return begin(attempt.slot, attempt.trial)
            }
            add(result)
        }
        return try nextSlot()
    }

    /// Takes literals up to the next slot, and begins it.
    private mutating func nextSlot() throws(LanguageModelError) -> WritingStep<GenerationOutput> {
        while segmentTexts.count < request.segments.count {
            let segment = request.segments[segmentTexts.count]
            switch segment {
            case .literal(let text):
                segmentTexts.append(text)
                literalTokens += tokenizer.longestTokenCount(of: segment)
            case .choose(let slot): return try begin(slot)
            case .write(let slot):
                return begin(slot, WriteTrial(slot, index: slots.count, seed: request.seed))
            }
        }
        return .finish(
            GenerationOutput(
                segmentTexts: segmentTexts, slots: slots, prompt: renderedPrompt,
                promptTokens: prompt.count + literalTokens, cachedTokens: cachedTokens,
                generatedTokens: generatedTokens, adapterSHA256: adapterSHA256))
    }

    private mutating func add(_ result: SlotResult) {
        segmentTexts.append(result.text)
        slots.append(result)
    }

    // MARK: Choosing

    private mutating func begin(_ slot: ChooseSlot) throws(LanguageModelError) -> WritingStep<GenerationOutput> {
        let text = segmentTexts.joined()
        let joint = text.dropFirst(SlotProgress.prompt(before: text).count)
        let variants = slot.variants.map { tokenizer.encode(joint + $0) }
        let before = tokens(before: text)
        let neutral = neutralPrompt + tokenizer.encodeEnding(slot.neutralPrefix)
        let longest = max(before.count, neutral.count) + (variants.map(\.count).max() ?? 0)
        guard longest <= context else { throw .overflow(longest, context: context) }
        stage = .choosing(slot)
        return .read(
            variants.map { Reading(before + $0, from: sequence, .logProbabilities(last: $0.count)) }
                + variants.map {
                    Reading(
                        neutral + $0, .logProbabilities(last: $0.count), kept: neutral.count, isRemembered: true)
                })
    }

    private func choose(_ slot: ChooseSlot, _ answers: [Answer]) throws(LanguageModelError) -> SlotResult {
        let means = answers.map { answer in
            if case .logProbabilities(let values) = answer.value { VariantScore.mean(values) } else { 0.0 }
        }
        let scores = zip(means, means.dropFirst(slot.variants.count)).map { VariantScore(mean: $0, prior: $1) }
        guard let best = VariantScore.best(of: scores) else {
            throw LanguageModelError(.invalidRequest, "slot \(slot.name) has no variants to choose from")
        }
        return SlotResult(
            name: slot.name, mode: .choose, outcome: .stood, text: slot.variants[best], attempts: 1, reasons: [],
            score: scores[best].value)
    }

    // MARK: Writing

    /// Begins the trial's next attempt.
    private mutating func begin(_ slot: WriteSlot, _ trial: WriteTrial) -> WritingStep<GenerationOutput> {
        let preceding = segmentTexts.joined()
        let attempt = Attempt(
            slot: slot, trial: trial, progress: SlotProgress(slot: slot, precededBy: preceding),
            read: tokens(before: preceding))
        stage = .writing(attempt)
        let sampler = Sampler(sampling: request.sampling, seed: trial.attemptSeed, precededBy: attempt.read)
        return .read([Reading(attempt.read, from: sequence, .draw(sampler))])
    }

    /// Takes a token. Returns the slot's text when it is finished.
    private mutating func take(_ drawn: Sampler.Draw, _ attempt: inout Attempt) -> String? {
        generatedTokens += 1
        if tokenizer.isSpecial(drawn.token) { return attempt.progress.end() }
        attempt.logProbabilities.append(drawn.logProbability)
        if case .finish(let text) = attempt.progress.append(tokenizer.bytes(of: drawn.token)) { return text }
        attempt.read.append(drawn.token)
        return attempt.read.count <= context ? nil : attempt.progress.cut()
    }

    /// What the model reads before it goes on from `text`.
    private func tokens(before text: String) -> [Int32] { prompt + tokenizer.encodeEnding(text) }
}

extension Tokenizer {
    /// A text's tokens without the spaces at its end.
    fileprivate func encodeEnding(_ text: String) -> [Int32] { encode(SlotProgress.prompt(before: text)) }

    /// The tokens of a literal, of a choice's longest variant, of a written slot's fallback.
    fileprivate func longestTokenCount(of segment: Segment) -> Int {
        switch segment {
        case .literal(let text): encode(text).count
        case .choose(let slot): slot.variants.map { encode($0).count }.max() ?? 0
        case .write(let slot): encode(slot.fallback).count
        }
    }
}

extension LanguageModelError {
    static func overflow(_ tokens: Int, context: Int) -> LanguageModelError {
        LanguageModelError(
            .contextOverflow,
            "prompt and text take \(tokens) tokens, and the model reads \(context); shorten the prompt or the scaffold")
    }
}
