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
struct ScaffoldWriter {
    private let engine: Engine
    private let request: GenerationRequest
    private let cancellation: Cancellation
    /// The conversation's tokens.
    private let prompt: [Int32]
    /// The conversation that priors are taken from.
    private let neutralPrompt: [Int32]
    private var sequence: KeyValueCache
    private let cachedTokens: Int
    private var segmentTexts: [String] = []
    private var slots: [SlotResult] = []
    private var generatedTokens = 0

    /// - Throws: `contextOverflow` when prompt and scaffold do not fit, each slot taken at its longest variant or its
    ///   fallback.
    init(_ request: GenerationRequest, _ engine: Engine, _ cancellation: Cancellation) throws(LanguageModelError) {
        self.engine = engine
        self.request = request
        self.cancellation = cancellation
        prompt = engine.template.tokens(request.messages, engine.tokenizer)
        neutralPrompt = engine.template.tokens(request.neutralMessages, engine.tokenizer)
        let needed = request.segments.reduce(prompt.count) { $0 + engine.longestTokenCount(of: $1) }
        guard needed <= engine.context else { throw engine.overflow(needed) }
        sequence = engine.sequence(beginning: prompt)
        cachedTokens = sequence.count
    }

    /// Fills the slots.
    mutating func write() throws(LanguageModelError) -> GenerationOutput {
        var literalTokens = 0
        // Before any slot: a slot's prior begins with the same voice and brief as the prompt.
        try engine.prefill(prompt, &sequence, cancellation)
        engine.keep(sequence, first: prompt.count)
        for segment in request.segments {
            switch segment {
            case .literal(let text):
                segmentTexts.append(text)
                literalTokens += engine.longestTokenCount(of: segment)
            case .choose(let slot): add(try choose(slot))
            case .write(let slot): add(try write(slot))
            }
        }
        return GenerationOutput(
            segmentTexts: segmentTexts, slots: slots, prompt: engine.template.render(request.messages),
            promptTokens: prompt.count + literalTokens, cachedTokens: cachedTokens, generatedTokens: generatedTokens)
    }

    private mutating func add(_ result: SlotResult) {
        segmentTexts.append(result.text)
        slots.append(result)
    }

    // MARK: Choosing

    private mutating func choose(_ slot: ChooseSlot) throws(LanguageModelError) -> SlotResult {
        let text = segmentTexts.joined()
        let joint = text.dropFirst(SlotProgress.prompt(before: text).count)
        let variants = slot.variants.map { engine.tokenizer.encode(joint + $0) }
        let values = try engine.logProbabilities(of: variants, after: tokens(before: text), &sequence, cancellation)
        let priors = try engine.priors(
            of: variants, after: neutralPrompt + engine.encodeEnding(slot.neutralPrefix), cancellation)
        let scores = zip(values, priors).map { VariantScore(logProbabilities: $0, prior: $1) }
        guard let best = VariantScore.best(of: scores) else {
            throw LanguageModelError(.invalidRequest, "slot \(slot.name) has no variants to choose from")
        }
        return SlotResult(
            name: slot.name, mode: .choose, outcome: .stood, text: slot.variants[best], attempts: 1, reasons: [],
            score: scores[best].value)
    }

    // MARK: Writing

    private mutating func write(_ slot: WriteSlot) throws(LanguageModelError) -> SlotResult {
        var trial = WriteTrial(slot, index: slots.count, seed: request.seed)
        while true {
            let (text, score) = try attempt(slot, seed: trial.attemptSeed)
            if let result = trial.judge(text, score: score) { return result }
        }
    }

    /// One text for the slot, and the mean log-probability of the tokens that the model wrote for it.
    private mutating func attempt(_ slot: WriteSlot, seed: UInt64) throws(LanguageModelError) -> (String, Double) {
        let preceding = segmentTexts.joined()
        var progress = SlotProgress(slot: slot, precededBy: preceding)
        var sampler = Sampler(sampling: request.sampling, seed: seed)
        var logProbabilities: [Float] = []
        var read = tokens(before: preceding)
        while true {
            guard read.count <= engine.context else {
                return (progress.cut(), VariantScore.mean(logProbabilities))
            }
            let drawn = try engine.read(read, &sequence, cancellation) { sampler.draw(logits: $0) }
            generatedTokens += 1
            guard !engine.tokenizer.isSpecial(drawn.token) else {
                return (progress.end(), VariantScore.mean(logProbabilities))
            }
            logProbabilities.append(drawn.logProbability)
            if case .finish(let text) = progress.append(engine.tokenizer.bytes(of: drawn.token)) {
                return (text, VariantScore.mean(logProbabilities))
            }
            read.append(drawn.token)
        }
    }

    /// What the model reads before it goes on from `text`.
    private func tokens(before text: String) -> [Int32] { prompt + engine.encodeEnding(text) }
}

extension Engine {
    /// A text's tokens without the spaces at its end.
    fileprivate func encodeEnding(_ text: String) -> [Int32] { tokenizer.encode(SlotProgress.prompt(before: text)) }

    /// The tokens of a literal, of a choice's longest variant, of a written slot's fallback.
    fileprivate func longestTokenCount(of segment: Segment) -> Int {
        switch segment {
        case .literal(let text): tokenizer.encode(text).count
        case .choose(let slot): slot.variants.map { tokenizer.encode($0).count }.max() ?? 0
        case .write(let slot): tokenizer.encode(slot.fallback).count
        }
    }
}
