/// The joint between a text that stands and the tokens that are drawn behind it.
///
/// A vocabulary cuts a text as a whole, so the tokens of its first half are seldom those that the whole begins with:
/// "See you " ends in a token for the space, and the model, which has read " soon" a million times and " " before
/// "soon" hardly ever, is lost. So the last bytes are taken back, and the next tokens must begin with them.
///
/// Where it pays, as the mean negative log-likelihood of what comes next (up to 24 bytes of SmolLM2-135M's reading of a
/// marketing brief, 14 places each): behind a space 31.1 nats as the tokens fall, 22.1 without the space, 21.9 with the
/// space taken back; inside a word 35.7 and 22.7; but at a word's end 18.6 and 18.7, since the word may now go on, and
/// behind punctuation 22.2 both ways. So ``init(behind:_:)`` takes back spaces alone, and the last token of a text that
/// may end inside a word is for ``init(takingBackLastOf:_:)``.
public struct TokenHealing: TokenConstraint, Sendable {
    /// The tokens that the model reads.
    public let kept: [Int32]
    /// What the next tokens must write before anything else.
    public private(set) var prefix: [UInt8]
    private let index: TokenIndex

    /// Takes back the spaces at a text's end.
    public init(behind text: String, _ index: TokenIndex) {
        let kept = SlotProgress.prompt(before: text)
        self.kept = index.tokenizer.encode(kept)
        prefix = Array(text.utf8.dropFirst(kept.utf8.count))
        self.index = index
    }

    /// Takes back the last of a text's tokens.
    public init(takingBackLastOf tokens: [Int32], _ index: TokenIndex) {
        kept = tokens.dropLast()
        prefix = tokens.last.map { index.tokenizer.bytes(of: $0) } ?? []
        self.index = index
    }

    /// Whether everything that was taken back is written again; from here on every token is allowed.
    public var isHealed: Bool { prefix.isEmpty }

    /// Whether a token begins with what was taken back, or is the beginning of it.
    public func allows(_ token: Int32) -> Bool {
        let tokenizer = index.tokenizer
        guard !isHealed else { return token >= 0 && token < tokenizer.count }
        let bytes = tokenizer.bytes(of: token)
        return !bytes.isEmpty && !tokenizer.isSpecial(token) && !tokenizer.endOfTurn.contains(token)
            && (bytes.starts(with: prefix) || prefix.starts(with: bytes))
    }

    public var allowedTokens: TokenSet {
        guard isHealed else { return index.tokens(alongside: prefix) }
        var all = TokenSet(vocabulary: index.tokenizer.count)
        for token in 0..<Int32(index.tokenizer.count) { all.insert(token) }
        return all
    }

    /// Takes an allowed token that was drawn.
    ///
    /// - Returns: what it writes behind the text; nothing of what was taken back.
    public mutating func take(_ token: Int32) -> [UInt8] {
        let bytes = index.tokenizer.bytes(of: token)
        let healed = zip(prefix, bytes).prefix { $0 == $1 }.count
        prefix.removeFirst(healed)
        return Array(bytes[healed...])
    }
}
