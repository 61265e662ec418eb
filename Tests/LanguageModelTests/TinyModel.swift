import Foundation
import LanguageModel

/// A model of a few thousand random weights, written as a GGUF file in any architecture and any of the tensor types.
///
/// Every bit of the file follows from the generator alone, not from the standard library's ways of drawing numbers, for
/// what llama.cpp computes from the same files is kept in Fixtures/tiny.jsonl.
struct TinyModel {
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

    /// A row is at least a block.
    private var width: Int { max(64, weights.numbers) }
    private var hidden: Int { weights.numbers == 256 ? 256 : 96 }
    /// Qwen 3 and Gemma have heads whose widths do not add up to the stream's.
    private var headWidth: Int { width / 4 * (architecture == "qwen3" || architecture == "gemma3" ? 2 : 1) }

    /// Writes the file to a temporary place.
    func write() throws -> String {
        var random = SplitMix64(seed: 7)
        var file = GGUFWriter()
        writeKeys(&file)
        for (name, rows, columns) in matrices {
            let rows = name == short ? rows - 1 : rows
            var blocks = (0..<rows * columns / weights.numbers).map { _ in weights.block(&random) }
            if name == broken { weights.breakLast(&blocks[5]) }
            let asFloats = asFloats || name == addition?.tensor
            var numbers = asFloats ? blocks.flatMap(weights.unpack) : []
            if let addition, name == addition.tensor { numbers = zip(numbers, addition.numbers).map(+) }
            let bytes = asFloats ? floats(numbers) : Data(blocks.joined())
            add(name, [UInt64(columns), UInt64(rows)], asFloats ? 0 : weights.type, bytes, &file)
        }
        for (name, count) in vectors {
            // Norms lie around 1, biases around 0.
            let middle: Float = name.hasSuffix(".bias") ? 0 : 1
            var values = (0..<count).map { _ in middle + random.number() }
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
        // llama.cpp takes the number of tokens from here when there is no vocabulary.
        file.pair("tokenizer.ggml.model", "no_vocab")
        file.pair("\(architecture).vocab_size", UInt32(vocabulary))
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

    private func floats(_ values: [Float]) -> Data {
        values.map { GGUFWriter.little($0.bitPattern) }.reduce(Data(), +)
    }
}
