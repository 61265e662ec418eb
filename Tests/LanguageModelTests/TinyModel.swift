import Foundation
import LanguageModel

/// A model of a few thousand random weights, written as a GGUF file in any architecture and any of the tensor types.
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
    /// Added to the numbers of a matrix, which is then written as F32. [rows][columns]
    var addition: (tensor: String, numbers: [Float])?
    /// Left out of the file.
    var missing: String?
    /// Written with one row less.
    var short: String?
    /// Written with a number, or a scale, that is not finite.
    var broken: String?
    /// Written in addition.
    var extra: String?
    /// Has output weights of a tebibyte, of which the disk holds nothing.
    var isHuge = false

    private let width = 64
    private let hidden = 96
    /// Qwen 3 and Gemma have heads whose widths do not add up to the stream's.
    private var headWidth: Int { architecture == "qwen3" || architecture == "gemma3" ? 32 : 16 }

    /// Writes the file to a temporary place.
    func write() throws -> String {
        var random = SplitMix64(seed: 7)
        var file = GGUFWriter()
        writeKeys(&file)
        for (name, rows, columns) in matrices {
            let rows = name == short ? rows - 1 : rows
            var stored = (0..<rows * columns / 32).map { _ in block(&random) }
            if name == broken { stored[5] = brokenBlock }
            let asFloats = asFloats || name == addition?.tensor
            var numbers = asFloats ? stored.flatMap(\.values) : []
            if let addition, name == addition.tensor { numbers = zip(numbers, addition.numbers).map(+) }
            let bytes = asFloats ? floats(numbers) : stored.map(\.bytes).reduce(Data(), +)
            add(name, [UInt64(columns), UInt64(rows)], asFloats ? 0 : weights.type, bytes, &file)
        }
        for (name, count) in vectors {
            // Norms lie around 1, biases around 0.
            let middle: Float = name.hasSuffix(".bias") ? 0 : 1
            var values = (0..<count).map { _ in middle + Float.random(in: -0.2...0.2, using: &random) }
            if name == broken { values[5] = .nan }
            add(name, [UInt64(count)], 0, floats(values), &file)
        }
        let url = FileManager.default.temporaryDirectory.appending(path: "tiny-\(UUID().uuidString).gguf")
        if isHuge {
            file.tensor("output.weight", dimensions: [64, 1 << 32], type: 0, offset: UInt64(file.data.count))
        }
        try file.file.write(to: url)
        if isHuge {
            let handle = try FileHandle(forWritingTo: url)
            try handle.truncate(atOffset: UInt64(file.file.count) + 64 << 34)
            try handle.close()
        }
        return url.path
    }

    private func writeKeys(_ file: inout GGUFWriter) {
        file.pair("general.architecture", architecture)
        for (key, value) in [
            ("block_count", layers), ("context_length", 128), ("embedding_length", width),
            ("feed_forward_length", hidden), ("attention.head_count", 4), ("attention.head_count_kv", 2),
            ("attention.key_length", headWidth), ("attention.value_length", headWidth),
        ] { file.pair("\(architecture).\(key)", UInt32(value)) }
        file.pair("\(architecture).attention.layer_norm_rms_epsilon", number: 1e-5)
        if architecture == "gemma3" {
            // Shorter than the tests' texts, and layers of both kinds.
            file.pair("gemma3.attention.sliding_window", UInt32(5))
            file.pair("gemma3.attention.sliding_window_pattern", UInt32(2))
            file.pair("gemma3.rope.freq_base", number: 1_000_000)
        }
    }

    private let layers = 2

    private var matrices: [(name: String, rows: Int, columns: Int)] {
        let (query, key) = (4 * headWidth, 2 * headWidth)
        var matrices: [(String, Int, Int)] = [("token_embd.weight", vocabulary, width)]
        // Gemma's output weights are its embeddings.
        if architecture != "gemma3", !isHuge { matrices.append(("output.weight", vocabulary, width)) }
        for layer in 0..<layers {
            for (name, rows, columns) in [
                ("attn_q", query, width), ("attn_k", key, width), ("attn_v", key, width), ("attn_output", width, query),
                ("ffn_gate", hidden, width), ("ffn_up", hidden, width), ("ffn_down", width, hidden),
            ] { matrices.append(("blk.\(layer).\(name).weight", rows, columns)) }
        }
        return matrices
    }

    private var vectors: [(name: String, count: Int)] {
        var vectors = [("output_norm.weight", width)]
        for layer in 0..<layers {
            var parts = [("attn_norm.weight", width), ("ffn_norm.weight", width)]
            if architecture == "qwen2" {
                parts += [
                    ("attn_q.bias", 4 * headWidth), ("attn_k.bias", 2 * headWidth), ("attn_v.bias", 2 * headWidth),
                ]
            }
            if architecture == "qwen3" || architecture == "gemma3" {
                parts += [("attn_q_norm.weight", headWidth), ("attn_k_norm.weight", headWidth)]
            }
            if architecture == "gemma3" {
                parts += [("post_attention_norm.weight", width), ("post_ffw_norm.weight", width)]
            }
            vectors += parts.map { ("blk.\(layer).\($0)", $1) }
        }
        if let extra { vectors.append((extra, width)) }
        return vectors
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

    /// 32 weights that are no numbers: an infinite last one, scale or minimum.
    private var brokenBlock: (bytes: Data, values: [Float]) {
        let infinity = GGUFWriter.little(Float16.infinity.bitPattern)
        let bytes =
            switch weights {
            case .f32: Data(count: 124) + floats([-.infinity])
            case .f16: Data(count: 62) + infinity
            case .q8_0: infinity + Data(count: 32)
            case .q4_0: infinity + Data(count: 16)
            case .q4_1: Data(count: 2) + infinity + Data(count: 16)
            }
        return (bytes, Array(repeating: .infinity, count: 32))
    }

    private func floats(_ values: [Float]) -> Data {
        values.map { GGUFWriter.little($0.bitPattern) }.reduce(Data(), +)
    }
}
