import Foundation

/// The cosines and sines that turn queries and keys by their position (RoPE).
///
/// Pair i of a head at position p turns by p · base^(-2i / headWidth). Computed in double precision, so that a
/// position's angles do not depend on anything but it.
struct RotaryAngles: Sendable {
    /// [tokens][headWidth / 2]
    let cosine: AlignedBuffer<Float>
    /// [tokens][headWidth / 2]
    let sine: AlignedBuffer<Float>
    /// [headWidth / 2]
    private let frequencies: [Double]

    var pairs: Int { frequencies.count }

    /// Room for `tokens` positions at once.
    init(tokens: Int, shape: ModelShape) {
        frequencies = shape.rotaryFrequencies(layer: 0)
        cosine = AlignedBuffer(count: tokens * frequencies.count)
        sine = AlignedBuffer(count: tokens * frequencies.count)
    }

    /// Writes the angles of one position as those of `token`.
    func set(_ token: Int, position: Int) {
        for (pair, frequency) in frequencies.enumerated() {
            let angle = Double(position) * frequency
            cosine.elements[token * pairs + pair] = Float(cos(angle))
            sine.elements[token * pairs + pair] = Float(sin(angle))
        }
    }
}
