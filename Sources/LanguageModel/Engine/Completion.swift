/// A plain answer to a conversation, without a scaffold.
public struct Completion: Sendable, Hashable {
    /// What the model said.
    public let text: String
    /// The tokens that it took, without the one that ends the turn.
    public let tokens: Int
    /// The tokens of the conversation.
    public let promptTokens: Int
    /// How many of them were already in the cache.
    public let cachedTokens: Int
    /// Whether it stopped because the tokens were used up.
    public let isCut: Bool
}

extension Engine {
    /// Lets the model speak until it ends its turn, up to a number of tokens or the end of its context.
    func complete(
        _ messages: [ChatMessage], maximumTokens: Int, sampling: Sampling, seed: UInt64, ignoresEnd: Bool,
        _ cancellation: Cancellation
    ) throws(LanguageModelError) -> Completion {
        let prompt = template.tokens(messages, tokenizer)
        guard prompt.count <= context else { throw overflow(prompt.count) }
        var sequence = sequence(beginning: prompt)
        let cachedTokens = sequence.count
        defer { keep(sequence, first: prompt.count) }
        var sampler = Sampler(sampling: sampling, seed: seed)
        var text = UTF8Stream()
        var said = ""
        var read = prompt
        var isCut = true
        while read.count - prompt.count < maximumTokens, read.count <= context {
            let drawn = try self.read(read, &sequence, cancellation) { sampler.draw(logits: $0) }
            if tokenizer.isSpecial(drawn.token), !ignoresEnd {
                isCut = false
                break
            }
            said += text.append(tokenizer.bytes(of: drawn.token))
            read.append(drawn.token)
        }
        return Completion(
            text: said + text.finish(), tokens: read.count - prompt.count, promptTokens: prompt.count,
            cachedTokens: cachedTokens, isCut: isCut)
    }
}
