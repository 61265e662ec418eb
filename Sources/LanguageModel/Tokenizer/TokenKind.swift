/// What a token is for (`enum llama_token_type`).
enum TokenKind: Int, Sendable {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Whether it is a signal to the model, and writes nothing.
    var isSignal: Bool { self == .control || self == .unknown }

    /// The names under which chat models keep the token that ends a turn; files do not always say its number, nor that
    /// it is a signal.
    static let endOfTurnNames: Set<String> = [
        "<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "</s>",
    ]

    /// The kind of each of these tokens.
    static func read(_ file: GGUFFile, _ tokens: [String]) throws(LanguageModelError) -> [TokenKind] {
        var kinds = [TokenKind](repeating: .normal, count: tokens.count)
        if file.metadata["tokenizer.ggml.token_type"] != nil {
            let numbers = try file.integers("tokenizer.ggml.token_type")
            guard numbers.count == tokens.count else {
                throw .malformed("tokenizer.ggml.token_type has \(numbers.count) entries for \(tokens.count) tokens")
            }
            // 0 is "undefined", which older converters wrote for ordinary tokens.
            kinds = numbers.map { TokenKind(rawValue: $0) ?? .normal }
        }
        for (index, text) in tokens.enumerated() where endOfTurnNames.contains(text) { kinds[index] = .control }
        return kinds
    }
}
