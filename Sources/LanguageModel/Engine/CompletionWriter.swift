/// Lets the model speak until it ends its turn, up to a number of tokens or the end of its context.
struct CompletionWriter: Writer {
    private let prompt: [Int32]
    private let maximumTokens: Int
    private let ignoresEnd: Bool
    private let tokenizer: Tokenizer
    private let context: Int
    private let stream: @Sendable (String) -> Void
    private var sampler: Sampler
    private var read: [Int32]
    private var text = UTF8Stream()
    private var said = ""
    private var logProbabilities: [Float] = []
    private var cachedTokens = 0

    /// - Throws: `contextOverflow`.
    init(
        prompt: [Int32], maximumTokens: Int, sampler: Sampler, ignoresEnd: Bool, tokenizer: Tokenizer, context: Int,
        stream: @escaping @Sendable (String) -> Void
    ) throws(LanguageModelError) {
        guard prompt.count <= context else { throw .overflow(prompt.count, context: context) }
        guard !prompt.isEmpty else { throw LanguageModelError(.invalidRequest, "there is nothing to answer") }
        self.prompt = prompt
        self.maximumTokens = maximumTokens
        self.ignoresEnd = ignoresEnd
        self.tokenizer = tokenizer
        self.context = context
        self.stream = stream
        self.sampler = sampler
        read = prompt
    }

    mutating func next(_ answers: [Answer]) throws(LanguageModelError) -> WritingStep<Completion> {
        guard let answer = answers.first, case .drawn(let drawn, let sampler) = answer.value else {
            return maximumTokens > 0 ? .read([Reading(prompt, .draw(self.sampler), kept: prompt.count)]) : finish(true)
        }
        self.sampler = sampler
        if read.count == prompt.count { cachedTokens = answer.knownTokens }
        if !ignoresEnd, tokenizer.isSpecial(drawn.token) { return finish(false) }
        logProbabilities.append(drawn.logProbability)
        say(text.append(tokenizer.bytes(of: drawn.token)))
        read.append(drawn.token)
        guard logProbabilities.count < maximumTokens, read.count <= context else { return finish(true) }
        return .read([Reading(read, from: answer.sequence, .draw(self.sampler))])
    }

    private mutating func say(_ more: String) {
        said += more
        if !more.isEmpty { stream(more) }
    }

    private mutating func finish(_ isCut: Bool) -> WritingStep<Completion> {
        say(text.finish())
        return .finish(
            Completion(
                text: said, tokens: Array(read[prompt.count...]), logProbabilities: logProbabilities,
                promptTokens: prompt.count, cachedTokens: cachedTokens, isCut: isCut))
    }
}
