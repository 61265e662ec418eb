/// SentencePiece's BPE (`tokenizer.ggml.model` = `llama`): of all neighbours in the text whose bytes together are a
/// token, those are merged whose token has the highest score, over and over. What is no token then is written as its
/// bytes.
///
/// From <https://github.com/google/sentencepiece/blob/master/src/bpe_model.cc>, without its normalisation, of which
/// GGUF files keep only the space at a text's beginning.
struct SentencePieceEncoding: Sendable {
    private let vocabulary: Vocabulary
    /// For each token its rank in merging, the highest score's being the lowest.
    private let ranks: [Int32]
    /// The token of each byte; -1 for a byte that has none.
    private let byteTokens: [Int32]
    /// The token of what is neither in the vocabulary nor has bytes there.
    private let unknown: Int32?
    /// Whether a text begins with a space, so that its first word is like all others.
    private let addsSpace: Bool

    /// SentencePiece's space in vocabularies: `▁`.
    static let space: [UInt8] = Array("\u{2581}".utf8)

    /// - Throws: `malformedFile` when the scores are not one finite number a token.
    init(_ file: GGUFFile, _ vocabulary: Vocabulary, _ kinds: [TokenKind]) throws(LanguageModelError) {
        let scores = try file.floats("tokenizer.ggml.scores")
        guard scores.count == vocabulary.count, scores.allSatisfy(\.isFinite) else {
            throw .malformed("tokenizer.ggml.scores is not a finite number for each token")
        }
        var byteTokens = [Int32](repeating: -1, count: 256)
        for (token, kind) in kinds.enumerated() where kind == .byte {
            if let byte = vocabulary.bytes(of: Int32(token)).first { byteTokens[Int(byte)] = Int32(token) }
        }
        self.vocabulary = vocabulary
        self.byteTokens = byteTokens
        ranks = scores.map(Self.rank)
        addsSpace = try file.bool("tokenizer.ggml.add_space_prefix", default: true)
        let unknown = try file.integer("tokenizer.ggml.unknown_token_id", default: 0)
        self.unknown = kinds.indices.contains(unknown) ? Int32(unknown) : nil
    }

    /// A number that falls as the score rises.
    private static func rank(_ score: Float) -> Int32 {
        // Adding zero makes -0 and 0 one. The bits of floating-point numbers are ordered like integers, below zero the
        // other way round.
        let bits = Int32(bitPattern: (score + 0).bitPattern)
        return ~(bits < 0 ? bits ^ Int32.max : bits)
    }

    /// What a token of the file writes, by its text there. `nil` for a byte's token whose text does not name a byte.
    static func bytes(of text: String, _ kind: TokenKind) -> [UInt8]? {
        switch kind {
        case .byte:
            // <0x0A>
            guard text.utf8.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">"),
                let byte = UInt8(text.dropFirst(3).dropLast(), radix: 16)
            else { return nil }
            return [byte]
        case .userDefined: return Array(text.utf8)
        default: return Array(withSpaces(Array(text.utf8)))
        }
    }

    /// Puts spaces in the place of `▁`.
    private static func withSpaces(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(space[0]) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if text[position] == space[0], text[position...].starts(with: space) {
                result.append(UInt8(ascii: " "))
                position += space.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }

    /// Appends the tokens of a text without special ones.
    ///
    /// - Parameter isBeginning: whether the text stands at the beginning or behind a special token.
    func encode(
        _ text: ArraySlice<UInt8>, isBeginning: Bool, into tokens: inout [Int32], _ queue: inout MergeQueue
    ) {
        var bytes = Self.withSpaces(Array(text))
        if addsSpace, isBeginning { bytes.insert(UInt8(ascii: " "), at: 0) }
        queue.begin()
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Self.length(ofCharacterFrom: bytes[position]))
            queue.append(
                vocabulary[bytes[position..<end]] ?? MergeQueue.unknown, Int32(position)..<Int32(end))
            position = end
        }
        queue.run { left, right in
            vocabulary[bytes[Int(left.range.lowerBound)..<Int(right.range.upperBound)]].map { token in
                MergeQueue.Merge(rank: ranks[Int(token)], token: token)
            }
        }
        queue.forEach { symbol in
            guard symbol.token == MergeQueue.unknown else { return tokens.append(symbol.token) }
            for byte in bytes[Int(symbol.range.lowerBound)..<Int(symbol.range.upperBound)] {
                let token = byteTokens[Int(byte)]
                if token >= 0 { tokens.append(token) } else if let unknown { tokens.append(unknown) }
            }
        }
    }

    private static func length(ofCharacterFrom first: UInt8) -> Int {
        first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    }
}
