import Foundation

/// The cosines and sines that turn queries and keys by their position (RoPE).
///
/// A pair of a head at position p turns by p times its frequency. Computed in double precision, so that a position's
/// angles do not depend on anything but it. Layers of other frequencies (Gemma's windowed ones) have angles of their own.
struct RotaryAngles: Sendable {
    /// [frequency sets][rows][headWidth / 2]
    private let cosine: AlignedBuffer<Float>
    /// [frequency sets][rows][headWidth / 2]
    private let sine: AlignedBuffer<Float>
    /// The different [headWidth / 2] of all layers.
    private let frequencies: [[Double]]
    /// Which of them a layer uses. [layers]
    private let sets: [Int]
    private let rows: Int
    private let pairs: Int

    /// Room for `rows` positions at once.
    init(rows: Int, shape: ModelShape) {
        var frequencies: [[Double]] = []
        sets = (0..<shape.layers).map { layer in
            let wanted = shape.rotaryFrequencies(layer: layer)
            if let known = frequencies.firstIndex(of: wanted) { return known }
            frequencies.append(wanted)
            return frequencies.count - 1
        }
        self.frequencies = frequencies
        self.rows = rows
        pairs = shape.headWidth / 2
        cosine = AlignedBuffer(count: frequencies.count * rows * pairs)
        sine = AlignedBuffer(count: frequencies.count * rows * pairs)
    }

    /// Writes the angles of one position as those of a row.
    func set(_ row: Int, position: Int) {
        for (set, frequencies) in frequencies.enumerated() {
            let start = (set * rows + row) * pairs
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                cosine.elements[start + pair] = Float(cos(angle))
                sine.elements[start + pair] = Float(sin(angle))
            }
        }
    }

    /// A row's angles in a layer. [headWidth / 2] each
    func at(_ row: Int, layer: Int) -> (cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>) {
        let start = (sets[layer] * rows + row) * pairs
        return (UnsafePointer(cosine.start + start), UnsafePointer(sine.start + start))
    }
}
