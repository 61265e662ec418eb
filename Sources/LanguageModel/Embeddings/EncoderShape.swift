import Foundation
import JSON

/// The sizes and rules of a sentence encoder, from the files that sentence-transformers keeps beside its weights.
struct EncoderShape: Sendable {
    let layers: Int
    let width: Int
    let heads: Int
    /// The width inside the feed-forward part.
    let hidden: Int
    let vocabulary: Int
    /// Tokens of a text that are read, `[CLS]` and `[SEP]` among them.
    let longestText: Int
    let normEpsilon: Float

    /// Numbers in a head.
    var headWidth: Int { width / heads }

    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the member; `unsupportedModel` for an
    ///   encoder of another kind, or that pools its tokens otherwise than to a mean of length 1.
    init(_ directory: EncoderDirectory) throws(LanguageModelError) {
        let configuration = try directory.settings("config.json")
        try configuration.require("model_type", "bert")
        try configuration.require("hidden_act", "gelu")
        try configuration.require("position_embedding_type", "absolute", default: "absolute")
        layers = try configuration.integer("num_hidden_layers", in: 1...256)
        width = try configuration.integer("hidden_size", in: 16...16_384)
        heads = try configuration.integer("num_attention_heads", in: 1...256)
        hidden = try configuration.integer("intermediate_size", in: 16...65_536)
        vocabulary = try configuration.integer("vocab_size", in: 1...1 << 24)
        normEpsilon = Float(try configuration.number("layer_norm_eps", default: 1e-12))
        guard width.isMultiple(of: heads) else {
            throw .malformedEncoder("hidden_size \(width) is no multiple of num_attention_heads \(heads)")
        }
        let positions = try configuration.integer("max_position_embeddings", in: 2...8192)
        longestText = try directory.settings("sentence_bert_config.json")
            .integer("max_seq_length", in: 2...positions, default: positions)

        let tokenizer = try directory.settings("tokenizer_config.json")
        try tokenizer.require("do_lower_case", true, default: true)
        try tokenizer.require("tokenize_chinese_chars", true, default: true)
        try tokenizer.require("strip_accents", nil, default: nil)
        let pooling = try directory.settings("1_Pooling/config.json")
        try pooling.require("pooling_mode_mean_tokens", true)
        for other in ["cls_token", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"] {
            try pooling.require("pooling_mode_\(other)", false, default: false)
        }
        let modules = try directory.settings("modules.json").types
        guard modules == ["Transformer", "Pooling", "Normalize"] else {
            throw LanguageModelError(
                .unsupportedModel, "the encoder's modules are \(modules), not Transformer, Pooling and Normalize")
        }
    }
}
