/// Lets the model write one JSON document under a grammar.
///
/// What can only come next is read without being drawn: braces, keys and separators cost no pass of their own. When the
/// tokens are used up, the document ends with the shortest text that completes it.
struct DocumentWriter: Writer {
    private let prompt: [Int32]
    private let maximumTokens: Int
    private let tokenizer: Tokenizer
    private let context: Int
    private var sampler: Sampler
    private var constraint: GrammarConstraint
    private var read: [Int32]
    private var text: [UInt8] = []
    private var logProbabilities: [Float] = []
    private var cachedTokens = 0
    private var hasBegun = false

    /// - Parameter constraint: at the beginning of the document.
    /// - Throws: `contextOverflow`; `invalidRequest` without a prompt.
    init(
        prompt: [Int32], constraint: GrammarConstraint, maximumTokens: Int, sampler: Sampler, tokenizer: Tokenizer,
        context: Int
    ) throws(LanguageModelError) {
        guard prompt.count <= context else { throw .overflow(prompt.count, context: context) }
        guard !prompt.isEmpty else { throw LanguageModelError(.invalidRequest, "there is nothing to answer") }
        self.prompt = prompt
        self.constraint = constraint
        self.maximumTokens = maximumTokens
        self.sampler = sampler
        self.tokenizer = tokenizer
        self.context = context
        read = prompt
        takeForced()
    }

    mutating func next(_ answers: [Answer]) throws(LanguageModelError) -> WritingStep<Completion> {
        var sequence: KeyValueCache?
        if let answer = answers.first, case .drawn(let drawn, let sampler) = answer.value {
            self.sampler = sampler
            sequence = answer.sequence
            if !hasBegun { (cachedTokens, hasBegun) = (answer.knownTokens, true) }
            // The end of the turn, which the constraint allows behind a complete document only.
            guard constraint.take(drawn.token) else { return finish(isCut: false) }
            logProbabilities.append(drawn.logProbability)
            text += tokenizer.bytes(of: drawn.token)
            read.append(drawn.token)
            takeForced()
        }
        if constraint.mustEnd { return finish(isCut: false) }
        guard logProbabilities.count < maximumTokens, read.count <= context else { return finish(isCut: true) }
        let kept = hasBegun ? 0 : prompt.count
        return .read([Reading(read, from: sequence, .draw(sampler, under: constraint), kept: kept)])
    }

    private mutating func takeForced() {
        let forced = constraint.takeForcedTokens()
        for token in forced { text += tokenizer.bytes(of: token) }
        read += forced
        sampler.note(forced)
    }

    private func finish(isCut: Bool) -> WritingStep<Completion> {
        let whole = isCut ? text + constraint.shortestCompletion : text
        return .finish(
            Completion(
                text: String(decoding: whole, as: UTF8.self), tokens: Array(read[prompt.count...]),
                logProbabilities: logProbabilities, promptTokens: prompt.count, cachedTokens: cachedTokens,
                isCut: isCut))
    }
}
