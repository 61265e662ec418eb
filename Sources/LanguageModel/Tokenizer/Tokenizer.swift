/// Turns text into the model's tokens and back, by the tables in the model's own file.
///
/// Byte-level BPE (`tokenizer.ggml.model` = `gpt2`) and SentencePiece's BPE (`llama`).
public struct Tokenizer: Sendable {
    /// How many tokens there are.
    public let count: Int
    /// The token that every prompt begins with, if the file asks for one (`add_bos_token`).
    public let beginning: Int32?
    /// The token that ends a text.
    public let end: Int32
    /// All tokens after which the model has nothing more to say: ``end``, and those that end a turn in a chat.
    public let endOfTurn: Set<Int32>

    private let vocabulary: Vocabulary
    private let controlTokens: Set<Int32>
    private let specials: SpecialTokens
    private let encoding: Encoding

    private enum Encoding: Sendable {
        case bytePairs(BytePairEncoding)
        case sentencePieces(SentencePieceEncoding)

        /// Whether prompts begin with a token of their own where the file does not say.
        var beginsWithToken: Bool {
            switch self {
            case .bytePairs(let encoding): encoding.beginsWithToken
            case .sentencePieces: true
            }
        }
    }

    /// Reads the tables: 0.05 s for 50,000 tokens of byte-level BPE.
    ///
    /// - Throws: ``LanguageModelError``: `unsupportedModel` for another kind of tokenizer; `malformedFile`.
    public init(_ file: GGUFFile) throws(LanguageModelError) {
        let model = try file.string("tokenizer.ggml.model")
        guard model == "gpt2" || model == "llama" else {
            throw LanguageModelError(
                .unsupportedModel,
                "the tokenizer \"\(model)\" is not known; byte-level BPE (gpt2) and SentencePiece (llama) are")
        }
        let isSentencePiece = model == "llama"
        let texts = try file.strings("tokenizer.ggml.tokens")
        count = texts.count
        guard (1...(1 << 24)).contains(count) else { throw .malformed("tokenizer.ggml.tokens has \(count) tokens") }
        let kinds = try TokenKind.read(file, texts)

        var vocabulary = Vocabulary()
        var controlTokens: Set<Int32> = []
        var specials = SpecialTokens()
        var endOfTurn: Set<Int32> = []
        for (index, (text, kind)) in zip(texts, kinds).enumerated() {
            let token = Int32(index)
            if kind.isSignal {
                controlTokens.insert(token)
                if TokenKind.endOfTurnNames.contains(text) { endOfTurn.insert(token) }
            }
            if kind.isSignal || kind == .userDefined {
                try specials.append(token, text.utf8, isSignal: kind.isSignal)
            }
            let bytes = try Self.bytes(of: text, kind, isSentencePiece: isSentencePiece, token)
            // What a text spells must not become a signal by merging, nor a byte's token.
            let isText = !kind.isSignal && kind != .userDefined && !(isSentencePiece && kind == .byte)
            try vocabulary.append(bytes, isText: isText)
        }
        encoding =
            isSentencePiece
            ? .sentencePieces(try SentencePieceEncoding(file, vocabulary, kinds))
            : .bytePairs(try BytePairEncoding(file, vocabulary))
        self.vocabulary = vocabulary
        self.controlTokens = controlTokens
        self.specials = specials

        let range = 0...count - 1
        // The defaults are the numbers in SentencePiece's own files.
        end = Int32(try file.integer("tokenizer.ggml.eos_token_id", in: range, default: isSentencePiece ? 2 : nil))
        endOfTurn.insert(end)
        if file.metadata["tokenizer.ggml.eot_token_id"] != nil {
            endOfTurn.insert(Int32(try file.integer("tokenizer.ggml.eot_token_id", in: range)))
        }
        self.endOfTurn = endOfTurn
        beginning =
            try file.bool("tokenizer.ggml.add_bos_token", default: encoding.beginsWithToken)
            ? Int32(try file.integer("tokenizer.ggml.bos_token_id", in: range, default: isSentencePiece ? 1 : nil))
            : nil
    }

    /// What a token of the file writes.
    private static func bytes(of text: String, _ kind: TokenKind, isSentencePiece: Bool, _ token: Int32)
        throws(LanguageModelError) -> [UInt8]
    {
        if kind.isSignal { return [] }
        if isSentencePiece {
            guard let bytes = SentencePieceEncoding.bytes(of: text, kind) else {
                throw .malformed("tokenizer.ggml.tokens[\(token)] is \(text), and not a byte as <0x0A> is")
            }
            return bytes
        }
        var bytes: [UInt8] = []
        return kind != .userDefined && ByteAlphabet.decode(text.utf8, into: &bytes) ? bytes : Array(text.utf8)
    }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - parsingSpecial: whether `<|im_end|>` in the text is the token that ends a turn, or ten characters as any
    ///     others. Only for text that we wrote ourselves, never for a lead's.
    ///   - isBeginning: whether nothing stands before the text. SentencePiece puts a space there, which a text that
    ///     goes on from another must not have.
    public func encode(_ text: String, parsingSpecial: Bool = false, isBeginning: Bool = false) -> [Int32] {
        encode([PromptPiece(text: text, isTemplate: parsingSpecial)], isBeginning: isBeginning)
    }

    /// The tokens of the joined pieces. Words may reach over a piece's end, as they would in one text; control tokens
    /// are found inside template pieces only.
    func encode(_ pieces: [PromptPiece], isBeginning: Bool) -> [Int32] {
        var bytes: [UInt8] = []
        var templates: [Range<Int>] = []
        for piece in pieces {
            let start = bytes.count
            bytes += piece.text.utf8
            if piece.isTemplate { templates.append(start..<bytes.count) }
        }
        var tokens: [Int32] = []
        var queue = MergeQueue()
        var isBeginning = isBeginning
        var rest = bytes[...]
        while let special = specials.next(in: rest, templates: templates) {
            encodeOrdinary(rest[..<special.range.lowerBound], isBeginning, into: &tokens, &queue)
            tokens.append(special.token)
            isBeginning = true
            rest = rest[special.range.upperBound...]
        }
        encodeOrdinary(rest, isBeginning, into: &tokens, &queue)
        return tokens
    }

    private func encodeOrdinary(
        _ bytes: ArraySlice<UInt8>, _ isBeginning: Bool, into tokens: inout [Int32], _ queue: inout MergeQueue
    ) {
        guard !bytes.isEmpty else { return }
        switch encoding {
        case .bytePairs(let encoding): encoding.encode(bytes, into: &tokens, &queue)
        case .sentencePieces(let encoding):
            encoding.encode(bytes, isBeginning: isBeginning, into: &tokens, &queue)
        }
    }

    /// The bytes that a token writes: often part of a character only, and none for a control token.
    public func bytes(of token: Int32) -> [UInt8] {
        guard token >= 0, Int(token) < count else { return [] }
        return Array(vocabulary.bytes(of: token))
    }

    /// The text that tokens write. Bytes that are no UTF-8 become U+FFFD.
    public func decode(_ tokens: some Sequence<Int32>) -> String {
        String(decoding: tokens.flatMap(bytes(of:)), as: UTF8.self)
    }

    /// Whether a token is a signal to the model that writes nothing: `<|im_start|>`.
    public func isSpecial(_ token: Int32) -> Bool { controlTokens.contains(token) }
}
