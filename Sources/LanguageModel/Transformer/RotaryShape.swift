import Foundation

/// How fast the pairs of a head turn with the position.
struct RotaryShape: Sendable {
    /// The base of the angles in layers that see the whole text.
    let base: Double
    /// The base in layers that see a window of it.
    let windowBase: Double
    /// What positions are multiplied with in layers that see the whole text: "linear scaling", a long context's
    /// positions squeezed into the range that the model was first trained on.
    let scale: Double
    /// [headWidth / 2]: what each pair's frequency is divided by, from Llama 3's `rope_freqs.weight`; empty for ones.
    let factors: [Float]

    /// - Parameter key: a key of the file's architecture.
    /// - Throws: `malformedFile`; `unsupportedModel` for any other scaling of positions.
    init(_ file: GGUFFile, headWidth: Int, key: (String) -> String) throws(LanguageModelError) {
        base = try file.number(key("rope.freq_base"), default: 10_000)
        windowBase = try file.number(key("rope.freq_base_swa"), default: 10_000)
        guard base > 0, windowBase > 0 else { throw .malformed("\(key("rope.freq_base")) is not above 0") }
        // A file that names a factor and no type means linear scaling, as llama.cpp reads it.
        let type = try file.string(key("rope.scaling.type"), default: "linear")
        guard type == "linear" || type == "none" else {
            throw LanguageModelError(.unsupportedModel, "rotary positions scaled by \"\(type)\" are not supported")
        }
        let factor = try file.number(
            key("rope.scaling.factor"), default: try file.number(key("rope.scale_linear"), default: 1))
        guard factor >= 0 else { throw .malformed("\(key("rope.scaling.factor")) is \(factor)") }
        scale = type == "none" || factor == 0 ? 1 : 1 / factor
        if let tensor = file.tensors["rope_freqs.weight"] {
            let stored = try tensor.floats(count: headWidth / 2)
            factors = withExtendedLifetime(stored) { Array(stored.elements) }
        } else {
            factors = []
        }
        guard factors.allSatisfy({ $0 > 0 }) else { throw .malformed("rope_freqs.weight is not above 0") }
    }

    /// Radians by which each pair turns from one position to the next; [headWidth / 2].
    func frequencies(headWidth: Int, isWindowed: Bool) -> [Double] {
        let (base, scale) = isWindowed ? (windowBase, 1) : (base, scale)
        return (0..<headWidth / 2).map { pair in
            let frequency = pow(base, -2 * Double(pair) / Double(headWidth)) * scale
            return factors.isEmpty ? frequency : frequency / Double(factors[pair])
        }
    }
}
