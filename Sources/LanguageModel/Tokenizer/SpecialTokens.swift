/// Finds the tokens that stand in a text as they are, before any merging: `<|im_start|>`.
struct SpecialTokens: Sendable {
    /// Tokens on which the model acts.
    private var signals = TokensByText()
    /// Words that were added to the vocabulary: Gemma's runs of spaces.
    private var words = TokensByText()

    /// - Throws: `malformedFile` when the texts are longer than 2 GiB.
    mutating func append(_ token: Int32, _ text: some Collection<UInt8>, isSignal: Bool) throws(LanguageModelError) {
        if isSignal { try signals.append(token, text) } else { try words.append(token, text) }
    }

    /// The first token in the bytes, the longest where several begin. Signals are found only where they lie within one
    /// of `templates`; a word may lie anywhere.
    func next(in bytes: ArraySlice<UInt8>, templates: [Range<Int>]) -> (token: Int32, range: Range<Int>)? {
        for position in bytes.indices {
            var found = words.longest(at: position, in: bytes)
            if signals.mayBegin(with: bytes[position]), let template = templates.first(where: { $0 ~= position }),
                let signal = signals.longest(at: position, in: bytes[..<min(bytes.endIndex, template.upperBound)]),
                signal.range.count > found?.range.count ?? 0
            {
                found = signal
            }
            if let found { return found }
        }
        return nil
    }
}

/// Tokens that are looked for at a place in a text.
private struct TokensByText: Sendable {
    private var vocabulary = Vocabulary()
    /// The token of each text in the vocabulary.
    private var tokens: [Int32] = []
    /// The lengths of the texts that begin with a byte, the longest first. A vocabulary of 6,000 signals that all
    /// begin with `<` has a dozen of them.
    private var lengths = [[Int]](repeating: [], count: 256)

    mutating func append(_ token: Int32, _ text: some Collection<UInt8>) throws(LanguageModelError) {
        guard let first = text.first else { return }
        try vocabulary.append(text, isText: true)
        tokens.append(token)
        if !lengths[Int(first)].contains(text.count) {
            lengths[Int(first)].append(text.count)
            lengths[Int(first)].sort(by: >)
        }
    }

    func mayBegin(with byte: UInt8) -> Bool { !lengths[Int(byte)].isEmpty }

    func longest(at position: Int, in bytes: ArraySlice<UInt8>) -> (token: Int32, range: Range<Int>)? {
        for length in lengths[Int(bytes[position])] where length <= bytes.endIndex - position {
            if let text = vocabulary[bytes[position..<position + length]] {
                return (tokens[Int(text)], position..<position + length)
            }
        }
        return nil
    }
}
