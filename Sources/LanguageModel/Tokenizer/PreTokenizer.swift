/// Splits a text into the words that merges never cross.
///
/// The model's authors give a regular expression; these are scanners for them, because Foundation's expressions took
/// most of the time of an encoding. Each scanner tries the alternatives in the expression's order.
package enum PreTokenizer: Sendable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// First every `\p{N}` alone, then GPT-2's expression on each piece between.
    case smollm
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llama3
    /// Llama 3's expression with `\p{N}` instead of `\p{N}{1,3}`.
    case qwen2

    /// By its name in `tokenizer.ggml.pre`.
    package init(named name: String) throws(LanguageModelError) {
        switch name {
        case "gpt-2": self = .gpt2
        case "smollm": self = .smollm
        case "llama-bpe", "llama3", "llama-v3", "falcon3": self = .llama3
        case "qwen2", "deepseek-r1-qwen": self = .qwen2
        default:
            throw LanguageModelError(
                .unsupportedModel, "the pre-tokenizer \"\(name)\" is not known; gpt-2, smollm, llama-bpe and qwen2 are")
        }
    }

    /// The words of a text; for tests, which compare them with the expression's.
    package func words(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        var words: [String] = []
        forEachWord(in: ClassifiedText(bytes[...])) { words.append(String(decoding: bytes[$0], as: UTF8.self)) }
        return words
    }

    /// Calls `body` with the bytes' range of each word, in order; together they are the whole text.
    func forEachWord(in text: ClassifiedText, _ body: (Range<Int>) -> Void) {
        let count = text.classes.count
        var position = 0
        var pieceEnd = 0
        while position < count {
            let end: Int
            switch self {
            case .gpt2: end = text.endOfGPT2Word(at: position, limit: count)
            case .llama3: end = text.endOfLlama3Word(at: position, digits: 3)
            case .qwen2: end = text.endOfLlama3Word(at: position, digits: 1)
            case .smollm:
                if text.classes[position] == .number {
                    end = position + 1
                } else {
                    if position >= pieceEnd { pieceEnd = text.end(of: { $0 != .number }, from: position, limit: count) }
                    end = text.endOfGPT2Word(at: position, limit: pieceEnd)
                }
            }
            body(text.offsets[position]..<text.offsets[end])
            position = end
        }
    }
}

extension ClassifiedText {
    /// The first character from `position` on that is not `matching`.
    @inline(__always)
    fileprivate func end(of matching: (ScalarClass) -> Bool, from position: Int, limit: Int) -> Int {
        var end = position
        while end < limit, matching(classes[end]) { end += 1 }
        return end
    }

    fileprivate func endOfGPT2Word(at position: Int, limit: Int) -> Int {
        if let end = endOfContraction(at: position, limit: limit, ignoringCase: false) { return end }
        let start = classes[position] == .space && position + 1 < limit ? position + 1 : position
        switch classes[start] {
        case .letter: return end(of: { $0 == .letter }, from: start, limit: limit)
        case .number: return end(of: { $0 == .number }, from: start, limit: limit)
        case .other: return end(of: { $0 == .other }, from: start, limit: limit)
        case .space, .lineBreak, .whitespace: return endOfWhitespace(at: position, limit: limit)
        }
    }

    fileprivate func endOfLlama3Word(at position: Int, digits: Int) -> Int {
        let limit = classes.count
        if let end = endOfContraction(at: position, limit: limit, ignoringCase: true) { return end }
        let first = classes[position]
        let second = position + 1 < limit ? classes[position + 1] : nil
        if first == .letter || (second == .letter && first != .lineBreak && first != .number) {
            return end(of: { $0 == .letter }, from: position + 1, limit: limit)
        }
        if first == .number {
            return end(of: { $0 == .number }, from: position, limit: min(limit, position + digits))
        }
        if first == .other || (first == .space && second == .other) {
            let end = end(of: { $0 == .other }, from: position + 1, limit: limit)
            return self.end(of: { $0 == .lineBreak }, from: end, limit: limit)
        }
        let end = end(of: \.isWhitespace, from: position, limit: limit)
        if let lineBreak = classes[position..<end].lastIndex(of: .lineBreak) { return lineBreak + 1 }
        return endOfWhitespace(at: position, limit: limit)
    }

    /// `\s+(?!\S)|\s+`: white space up to the last one before a word, which belongs to the word.
    private func endOfWhitespace(at position: Int, limit: Int) -> Int {
        let end = end(of: \.isWhitespace, from: position, limit: limit)
        return end < limit && end - position > 1 ? end - 1 : end
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`
    private func endOfContraction(at position: Int, limit: Int, ignoringCase: Bool) -> Int? {
        guard classes[position] == .other, bytes[offsets[position]] == UInt8(ascii: "'"), position + 1 < limit else {
            return nil
        }
        let mask: UInt8 = ignoringCase ? 0x20 : 0
        let first = bytes[offsets[position + 1]] | mask
        if "stmd".utf8.contains(first) { return position + 2 }
        guard position + 2 < limit else { return nil }
        let second = bytes[offsets[position + 2]] | mask
        switch (first, second) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return position + 3
        default: return nil
        }
    }
}
