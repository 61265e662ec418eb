/// Which layers see only a window of the text: Gemma 3 has five of them for each that sees everything.
struct SlidingWindow: Sendable {
    /// How many tokens a token sees in such a layer, itself and those just before it.
    let tokens: Int
    /// For each layer whether it has the window.
    let isWindowed: [Bool]

    /// The windows of a file, `nil` when it has none.
    ///
    /// - Parameter key: a key of the file's architecture.
    init?(_ file: GGUFFile, layers: Int, key: (String) -> String) throws(LanguageModelError) {
        let lengthKey = key("attention.sliding_window")
        let patternKey = key("attention.sliding_window_pattern")
        tokens = try file.integer(lengthKey, in: 0...1_048_576, default: 0)
        guard tokens > 0 else { return nil }
        if case .array(let pattern) = file.metadata[patternKey] {
            isWindowed = try Self.flags(pattern, patternKey)
            guard isWindowed.count == layers else {
                throw .malformed("\(patternKey) has \(isWindowed.count) entries for \(layers) layers")
            }
        } else {
            // Every `period`th layer sees everything; none at all with 0.
            let period = try file.integer(patternKey, in: 0...1024, default: 6)
            isWindowed = (0..<layers).map { period == 0 || $0 % period < period - 1 }
        }
    }

    /// Converters write the pattern as booleans or as numbers.
    private static func flags(_ array: GGUFArray, _ key: String) throws(LanguageModelError) -> [Bool] {
        if case .bool(let flags) = array { return flags }
        guard let numbers = array.integers else { throw .malformed("\(key) holds neither booleans nor integers") }
        return numbers.map { $0 != 0 }
    }
}
