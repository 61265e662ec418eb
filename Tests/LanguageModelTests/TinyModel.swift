import Foundation
import LanguageModel

/// A Llama of a few thousand random weights, written as a GGUF file in any of the tensor types.
struct TinyModel {
    enum Weights: CaseIterable {
        case f32, f16, q8_0, q4_0, q4_1

        var type: UInt32 {
            switch self {
            case .f32: 0
            case .f16: 1
            case .q4_0: 2
            case .q4_1: 3
            case .q8_0: 8
            }
        }
    }

    let vocabulary = 37
    var architecture = "llama"
    var weights = Weights.f32
    /// Writes the numbers that `weights` can hold, but as F32.
    var asFloats = false
    /// Left out of the file.
    var missing: String?
    /// Written with one row less.
    var short: String?
    /// Written with a number that is not finite.
    var broken: String?
    /// Written in addition.
    var extra: String?

    /// Writes the file to a temporary place.
    func write() throws -> String {
        var random = SplitMix64(seed: 7)
        var file = GGUFWriter()
        file.pair("general.architecture", architecture)
        for (key, value) in [
            ("block_count", 2), ("context_length", 128), ("embedding_length", 64), ("feed_forward_length", 96),
            ("attention.head_count", 4), ("attention.head_count_kv", 2),
        ] as [(String, UInt32)] { file.pair("llama.\(key)", value) }
        file.pair(
            "llama.attention.layer_norm_rms_epsilon", type: 6, GGUFWriter.little(Float(1e-5).bitPattern))
        var matrices: [(String, rows: Int, columns: Int)] = [
            ("token_embd.weight", vocabulary, 64), ("output.weight", vocabulary, 64),
        ]
        var norms = ["output_norm.weight"]
        for layer in 0..<2 {
            for (name, rows, columns) in [
                ("attn_q", 64, 64), ("attn_k", 32, 64), ("attn_v", 32, 64), ("attn_output", 64, 64),
                ("ffn_gate", 96, 64), ("ffn_up", 96, 64), ("ffn_down", 64, 96),
            ] { matrices.append(("blk.\(layer).\(name).weight", rows, columns)) }
            norms += ["blk.\(layer).attn_norm.weight", "blk.\(layer).ffn_norm.weight"]
        }
        if let extra { norms.append(extra) }
        for (name, rows, columns) in matrices {
            let rows = name == short ? rows - 1 : rows
            let stored = (0..<rows * columns / 32).map { _ in block(&random) }
            let bytes = asFloats ? floats(stored.flatMap(\.values)) : stored.map(\.bytes).reduce(Data(), +)
            add(name, [UInt64(columns), UInt64(rows)], asFloats ? 0 : weights.type, bytes, &file)
        }
        for name in norms {
            var values = (0..<64).map { _ in 1 + Float.random(in: -0.2...0.2, using: &random) }
            if name == broken { values[5] = .nan }
            add(name, [64], 0, floats(values), &file)
        }
        let url = FileManager.default.temporaryDirectory.appending(path: "tiny-\(UUID().uuidString).gguf")
        try file.file.write(to: url)
        return url.path
    }

    private func add(
        _ name: String, _ dimensions: [UInt64], _ type: UInt32, _ bytes: Data, _ file: inout GGUFWriter
    ) {
        guard name != missing else { return }
        file.tensor(name, dimensions: dimensions, type: type, offset: UInt64(file.data.count))
        file.data += bytes
        file.data += Data(count: (32 - file.data.count % 32) % 32)
    }

    /// 32 weights as stored, and what they say.
    private func block(_ random: inout SplitMix64) -> (bytes: Data, values: [Float]) {
        // Scales are powers of two, so that every value is exact in single precision.
        let scale = Float16(0x1p-6)
        let head = GGUFWriter.little(scale.bitPattern)
        switch weights {
        case .f32:
            let values = (0..<32).map { _ in Float.random(in: -0.2...0.2, using: &random) }
            return (floats(values), values)
        case .f16:
            let values = (0..<32).map { _ in Float16(Float.random(in: -0.2...0.2, using: &random)) }
            return (values.map { GGUFWriter.little($0.bitPattern) }.reduce(Data(), +), values.map(Float.init))
        case .q8_0:
            let quants = (0..<32).map { _ in Int8.random(in: -16...16, using: &random) }
            return (head + Data(quants.map { UInt8(bitPattern: $0) }), quants.map { Float($0) * Float(scale) })
        case .q4_0, .q4_1:
            let quants = (0..<32).map { _ in UInt8.random(in: 0...15, using: &random) }
            let nibbles = Data((0..<16).map { quants[$0] | quants[$0 + 16] << 4 })
            guard weights == .q4_1 else {
                return (head + nibbles, quants.map { Float(Int($0) - 8) * Float(scale) })
            }
            let minimum = Float16(-0x1.cp-4)
            return (
                head + GGUFWriter.little(minimum.bitPattern) + nibbles,
                quants.map { Float($0) * Float(scale) + Float(minimum) }
            )
        }
    }

    private func floats(_ values: [Float]) -> Data {
        values.map { GGUFWriter.little($0.bitPattern) }.reduce(Data(), +)
    }
}
