/// The sizes of a model and what its architecture does, read from the file and checked against one another.
package struct ModelShape: Sendable {
    package let architecture: Architecture
    let layers: Int
    /// The width of the stream between layers.
    let width: Int
    /// Query heads.
    let heads: Int
    /// Key and value heads; each serves `heads / keyValueHeads` query heads.
    let keyValueHeads: Int
    /// Numbers in a head; heads · headWidth need not be the stream's width.
    package let headWidth: Int
    /// The width inside the feed-forward part.
    let hidden: Int
    package let vocabulary: Int
    /// Tokens that the model was trained to see at once.
    package let context: Int
    let normEpsilon: Float
    /// What a token's vector is multiplied with before the first layer.
    package let embeddingScale: Float
    /// What the product of a query and a key is multiplied with.
    package let attentionScale: Float
    private let rotary: RotaryShape
    private let slidingWindow: SlidingWindow?

    var queryWidth: Int { heads * headWidth }
    var keyValueWidth: Int { keyValueHeads * headWidth }
    package var pairing: RotaryPairing { architecture.pairing }
    package var gate: GateFunction { architecture.gate }

    /// How many tokens a token sees in this layer, itself included; `nil` for all.
    package func window(layer: Int) -> Int? { slidingWindow.flatMap { $0.isWindowed[layer] ? $0.tokens : nil } }

    /// The base of the rotary angles in this layer.
    package func ropeBase(layer: Int) -> Double { window(layer: layer) == nil ? rotary.base : rotary.windowBase }

    /// Radians by which each pair of a head turns from one position to the next, scaling included; [headWidth / 2].
    package func rotaryFrequencies(layer: Int) -> [Double] {
        rotary.frequencies(headWidth: headWidth, isWindowed: window(layer: layer) != nil)
    }

    /// - Throws: `malformedFile`, naming the key; `unsupportedModel` for another architecture, or for something in
    ///   this one that we do not compute.
    package init(_ file: GGUFFile) throws(LanguageModelError) {
        let name = try file.string("general.architecture")
        guard let architecture = Architecture(rawValue: name) else {
            let known = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
            throw LanguageModelError(
                .unsupportedModel, "the architecture \(name) is not supported; use a file of one of these: \(known)")
        }
        func key(_ key: String) -> String { "\(name).\(key)" }
        self.architecture = architecture
        layers = try file.integer(key("block_count"), in: 1...1024)
        width = try file.integer(key("embedding_length"), in: 16...65_536)
        hidden = try file.integer(key("feed_forward_length"), in: 16...1_048_576)
        heads = try file.integer(key("attention.head_count"), in: 1...1024)
        keyValueHeads = try file.integer(key("attention.head_count_kv"), in: 1...1024, default: heads)
        headWidth = try file.integer(key("attention.key_length"), in: 16...1024, default: width / heads)
        context = try file.integer(key("context_length"), in: 1...1_048_576)
        vocabulary = try file.tensor("token_embd.weight").dimensions.last ?? 0
        normEpsilon = Float(try file.number(key("attention.layer_norm_rms_epsilon")))
        embeddingScale = architecture == .gemma3 ? Float(width).squareRoot() : 1
        // Gemma's 27B model, the one of 62 layers, divides by the width of a head of the stream, not of a query.
        let divisor = architecture == .gemma3 && layers == 62 ? width / heads : headWidth
        attentionScale = 1 / Float(divisor).squareRoot()
        rotary = try RotaryShape(file, headWidth: headWidth, key: key)
        slidingWindow = architecture == .gemma3 ? try SlidingWindow(file, layers: layers, key: key) : nil

        guard heads.isMultiple(of: keyValueHeads) else {
            throw .malformed(
                "\(key("attention.head_count")) \(heads) is no multiple of head_count_kv \(keyValueHeads)")
        }
        guard headWidth.isMultiple(of: 16),
            try file.integer(key("rope.dimension_count"), default: headWidth) == headWidth,
            try file.integer(key("attention.value_length"), default: headWidth) == headWidth
        else {
            throw LanguageModelError(
                .unsupportedModel,
                "heads of \(headWidth) numbers, rotated in part or with values of another width, are not supported")
        }
        for unknown in ["final_logit_softcapping", "attn_logit_softcapping", "expert_count"]
        where try file.number(key(unknown), default: 0) != 0 {
            throw LanguageModelError(.unsupportedModel, "\(key(unknown)) is not supported")
        }
    }
}
