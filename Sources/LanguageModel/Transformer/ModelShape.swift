/// The sizes of a Llama-family model, read from the file and checked against one another.
package struct ModelShape: Sendable {
    let layers: Int
    /// The width of the stream between layers.
    let width: Int
    /// Query heads.
    let heads: Int
    /// Key and value heads; each serves `heads / keyValueHeads` query heads.
    let keyValueHeads: Int
    /// Numbers in a head.
    let headWidth: Int
    /// The width inside the feed-forward part.
    let hidden: Int
    package let vocabulary: Int
    /// Tokens that the model was trained to see at once.
    package let context: Int
    let normEpsilon: Float
    /// The base of the rotary angles.
    let ropeBase: Double

    var queryWidth: Int { heads * headWidth }
    var keyValueWidth: Int { keyValueHeads * headWidth }

    /// - Throws: `malformedFile`, naming the key; `unsupportedModel` for another architecture or rotation.
    package init(_ file: GGUFFile) throws(LanguageModelError) {
        let architecture = try file.string("general.architecture")
        guard architecture == "llama" else {
            throw LanguageModelError(
                .unsupportedModel, "the architecture \(architecture) is not supported; use a file of the llama family")
        }
        layers = try file.integer("llama.block_count", in: 1...1024)
        width = try file.integer("llama.embedding_length", in: 16...65_536)
        hidden = try file.integer("llama.feed_forward_length", in: 16...1_048_576)
        heads = try file.integer("llama.attention.head_count", in: 1...1024)
        keyValueHeads = try file.integer("llama.attention.head_count_kv", in: 1...1024, default: heads)
        headWidth = try file.integer("llama.attention.key_length", in: 16...1024, default: width / heads)
        context = try file.integer("llama.context_length", in: 1...1_048_576)
        vocabulary = try file.tensor("token_embd.weight").dimensions.last ?? 0
        normEpsilon = Float(try file.number("llama.attention.layer_norm_rms_epsilon"))
        ropeBase = try file.number("llama.rope.freq_base", default: 10_000)
        guard heads.isMultiple(of: keyValueHeads) else {
            throw .malformed("llama.attention.head_count \(heads) is no multiple of head_count_kv \(keyValueHeads)")
        }
        guard headWidth.isMultiple(of: 16),
            try file.integer("llama.rope.dimension_count", default: headWidth) == headWidth
        else {
            throw LanguageModelError(
                .unsupportedModel, "heads of \(headWidth) numbers, or rotated in part, are not supported")
        }
        let scaling = try file.string("llama.rope.scaling.type", default: "none")
        guard scaling == "none", file.tensors["rope_freqs.weight"] == nil else {
            throw LanguageModelError(.unsupportedModel, "scaled rotary positions (\(scaling)) are not supported")
        }
    }
}
