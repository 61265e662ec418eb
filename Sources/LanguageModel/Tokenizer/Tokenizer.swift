/// Turns text into the model's tokens and back, by the tables in the model's own file.
///
/// Byte-level BPE (`tokenizer.ggml.model` = `gpt2`) with the pre-tokenizers smollm, gpt-2, llama-bpe and qwen2.
public struct Tokenizer: Sendable {
    /// How many tokens there are.
    public let count: Int
    /// The token that every prompt begins with, if the file asks for one (`add_bos_token`).
    public let beginning: Int32?
    /// The token that ends a text.
    public let end: Int32
    /// All tokens after which the model has nothing more to say: ``end``, and those that end a turn in a chat.
    public let endOfTurn: Set<Int32>

    /// The bytes of all tokens, one behind the other.
    private let bytes: [UInt8]
    /// Where each token's bytes begin; one more than tokens.
    private let offsets: [Int]
    private let controlTokens: Set<Int32>
    private let specials: SpecialTokens
    private let preTokenizer: PreTokenizer
    private let encoding: BytePairEncoding
    /// Each token's id by its bytes, where the file's tokenizer takes a word that is a token as it is.
    private let wholeWords: [[UInt8]: Int32]

    /// The names under which chat models keep the token that ends a turn; files do not always say its number.
    private static let endOfTurnNames: Set<String> = [
        "<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "</s>",
    ]

    /// Reads the tables; about 0.1 s for 50,000 tokens.
    ///
    /// - Throws: ``LanguageModelError``: `unsupportedModel` for another kind of tokenizer; `malformedFile`.
    public init(_ file: GGUFFile) throws(LanguageModelError) {
        let model = try file.string("tokenizer.ggml.model")
        guard model == "gpt2" else {
            throw LanguageModelError(
                .unsupportedModel, "the tokenizer \"\(model)\" is not known; byte-level BPE (gpt2) is")
        }
        let preTokenizerName = try file.string("tokenizer.ggml.pre")
        preTokenizer = try PreTokenizer(named: preTokenizerName)
        let texts = try file.strings("tokenizer.ggml.tokens")
        count = texts.count
        guard (1...(1 << 24)).contains(count) else { throw .malformed("tokenizer.ggml.tokens has \(count) tokens") }
        let kinds = try Self.kinds(file, count: count)

        var bytes: [UInt8] = []
        var offsets = [0]
        var vocabulary: [[UInt8]: Int32] = [:]
        var controlTokens: Set<Int32> = []
        var specials: [(text: [UInt8], token: Int32, isControl: Bool)] = []
        var endOfTurn: Set<Int32> = []
        vocabulary.reserveCapacity(count)
        for (index, text) in texts.enumerated() {
            let token = Int32(index)
            let kind = kinds[index]
            if kind == .control || kind == .unknown {
                controlTokens.insert(token)
                specials.append((Array(text.utf8), token, true))
                if Self.endOfTurnNames.contains(text) { endOfTurn.insert(token) }
            } else if kind == .userDefined {
                specials.append((Array(text.utf8), token, false))
                bytes.append(contentsOf: text.utf8)
            } else {
                let decoded = ByteAlphabet.decode(text) ?? Array(text.utf8)
                if vocabulary[decoded] == nil { vocabulary[decoded] = token }
                bytes.append(contentsOf: decoded)
            }
            offsets.append(bytes.count)
        }
        encoding = try BytePairEncoding(merges: try file.strings("tokenizer.ggml.merges"), vocabulary: vocabulary)
        wholeWords = preTokenizer == .llama3 ? vocabulary : [:]
        self.bytes = bytes
        self.offsets = offsets
        self.controlTokens = controlTokens
        self.specials = SpecialTokens(specials)

        let range = 0...count - 1
        end = Int32(try file.integer("tokenizer.ggml.eos_token_id", in: range))
        endOfTurn.insert(end)
        if file.metadata["tokenizer.ggml.eot_token_id"] != nil {
            endOfTurn.insert(Int32(try file.integer("tokenizer.ggml.eot_token_id", in: range)))
        }
        self.endOfTurn = endOfTurn
        beginning =
            try file.bool("tokenizer.ggml.add_bos_token", default: preTokenizer == .llama3)
            ? Int32(try file.integer("tokenizer.ggml.bos_token_id", in: range)) : nil
    }

    /// What a token is for (`enum llama_token_type`).
    private enum Kind: Int {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    private static func kinds(_ file: GGUFFile, count: Int) throws(LanguageModelError) -> [Kind] {
        guard file.metadata["tokenizer.ggml.token_type"] != nil else { return Array(repeating: .normal, count: count) }
        let numbers = try file.integers("tokenizer.ggml.token_type")
        guard numbers.count == count else {
            throw .malformed("tokenizer.ggml.token_type has \(numbers.count) entries for \(count) tokens")
        }
        // 0 is "undefined", which older converters wrote for ordinary tokens.
        return numbers.map { Kind(rawValue: $0) ?? .normal }
    }

    /// The tokens of a text.
    ///
    /// - Parameter parsingSpecial: whether `<|im_end|>` in the text is the token that ends a turn, or ten
    ///   characters as any others. Only for text that we wrote ourselves, never for a lead's.
    public func encode(_ text: String, parsingSpecial: Bool = false) -> [Int32] {
        encode([PromptPiece(text: text, isTemplate: parsingSpecial)])
    }

    /// The tokens of the joined pieces. Words may reach over a piece's end, as they would in one text; control tokens
    /// are found inside template pieces only.
    func encode(_ pieces: [PromptPiece]) -> [Int32] {
        let bytes = pieces.flatMap(\.text.utf8)
        var tokens: [Int32] = []
        var scratch = BytePairEncoding.Scratch()
        var done = 0
        var pieceStart = 0
        for piece in pieces {
            let pieceEnd = pieceStart + piece.text.utf8.count
            while let special = specials.next(in: bytes[pieceStart..<pieceEnd], includingControl: piece.isTemplate) {
                encodeOrdinary(bytes[done..<special.range.lowerBound], into: &tokens, scratch: &scratch)
                tokens.append(special.token)
                done = special.range.upperBound
                pieceStart = done
            }
            pieceStart = pieceEnd
        }
        encodeOrdinary(bytes[done...], into: &tokens, scratch: &scratch)
        return tokens
    }

    private func encodeOrdinary(
        _ bytes: ArraySlice<UInt8>, into tokens: inout [Int32], scratch: inout BytePairEncoding.Scratch
    ) {
        guard !bytes.isEmpty else { return }
        preTokenizer.forEachWord(in: ClassifiedText(bytes)) { word in
            if !wholeWords.isEmpty, let token = wholeWords[Array(bytes[word])] {
                tokens.append(token)
            } else {
                encoding.encode(bytes[word], into: &tokens, scratch: &scratch)
            }
        }
    }

    /// The bytes that a token writes: often part of a character only, and none for a control token.
    public func bytes(of token: Int32) -> [UInt8] {
        guard token >= 0, Int(token) < count else { return [] }
        return Array(bytes[offsets[Int(token)]..<offsets[Int(token) + 1]])
    }

    /// The text that tokens write. Bytes that are no UTF-8 become U+FFFD.
    public func decode(_ tokens: some Sequence<Int32>) -> String {
        String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
    }

    /// Whether a token is a signal to the model that writes nothing: `<|im_start|>`.
    public func isSpecial(_ token: Int32) -> Bool { controlTokens.contains(token) }
}
