/// A family of models that are built alike, by its name in `general.architecture`.
///
/// All read their text once through equal layers of RMS norms, grouped-query attention with rotary positions and a
/// gated feed-forward part; what differs is said here. Facts from llama.cpp's `src/models`.
package enum Architecture: String, Sendable, Hashable, CaseIterable {
    case llama, qwen2, qwen3, gemma3

    /// Which numbers of a head turn together. Converters permute the rows of Llama's queries and keys, so that its
    /// pairs become neighbours.
    package var pairing: RotaryPairing { self == .llama ? .neighbours : .halves }

    /// What the feed-forward part's gate goes through.
    package var gate: GateFunction { self == .gemma3 ? .gelu : .silu }

    /// Whether each head of queries and of keys passes a norm before it turns.
    var hasHeadNorms: Bool { self == .qwen3 || self == .gemma3 }

    /// Whether what attention and feed-forward give passes a norm before it is added to the stream.
    var hasPostNorms: Bool { self == .gemma3 }
}

/// Which two numbers of a head are one pair that turns by a position's angle.
package enum RotaryPairing: Sendable, Hashable {
    /// 2i and 2i + 1: ggml's "norm".
    case neighbours
    /// i and i + headWidth / 2: ggml's "neox".
    case halves
}

/// The function of a gated feed-forward part: down · (f(gate · x) ∘ (up · x)).
package enum GateFunction: Sendable, Hashable {
    /// x · sigmoid(x)
    case silu
    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))): the tanh form of GELU.
    case gelu
}
