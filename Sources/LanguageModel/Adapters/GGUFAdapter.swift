/// A GGUF file of type `adapter`, as llama.cpp's convert_lora_to_gguf.py writes it: `<base tensor>.lora_a` in ggml's
/// order [inputs, rank] and `<base tensor>.lora_b` in [rank, outputs], and one alpha for all.
///
/// Query and key rows have the base's order already: the converter permutes them as it does the base's.
struct GGUFAdapter {
    private let file: GGUFFile
    /// 0 where the file says nothing; the pairs are then taken as they are, as llama.cpp does.
    private let alpha: Double

    /// - Throws: `unsupportedModel` for another kind of file or adapter.
    init(path: String) throws(LanguageModelError) {
        file = try GGUFFile(path: path)
        for (key, wanted) in [("general.type", "adapter"), ("adapter.type", "lora")] {
            let found = try file.string(key, default: "none")
            guard found == wanted else { throw .unsupportedAdapter("\(key) is \"\(found)\", not \"\(wanted)\"") }
        }
        if file.metadata["adapter.alora.invocation_tokens"] != nil {
            throw .unsupportedAdapter("it waits for invocation tokens (adapter.alora.invocation_tokens)")
        }
        alpha = try file.number("adapter.lora.alpha", default: 0)
    }

    func pairs(_ base: AdapterBase) throws(LanguageModelError) -> [String: AdapterPair] {
        let architecture = try file.string("general.architecture")
        guard architecture == base.architecture else {
            throw LanguageModelError(
                .adapterMismatch,
                "the adapter is for another model: its architecture is \(architecture), not \(base.architecture)")
        }
        var pairs: [String: AdapterPair] = [:]
        for tensor in try AdapterHalf.stems(of: file.tensors.keys, down: ".lora_a", up: ".lora_b") {
            let down = try Self.half(try file.tensor("\(tensor).lora_a"))
            let up = try Self.half(try file.tensor("\(tensor).lora_b"))
            let scale = alpha == 0 ? 1 : Float(alpha / Double(down.rows))
            pairs[tensor] = try AdapterPair(tensor, down: down, up: up, scale: scale, base)
        }
        return pairs
    }

    private static func half(_ tensor: GGUFTensor) throws(LanguageModelError) -> AdapterHalf {
        guard tensor.dimensions.count == 2 else {
            throw .malformedAdapter("tensor \(tensor.name) has \(tensor.dimensions.count) dimensions, not 2")
        }
        let (columns, rows) = (tensor.dimensions[0], tensor.dimensions[1])
        return AdapterHalf(rows: rows, columns: columns) { () throws(LanguageModelError) in
            // Any type that a base's embeddings can have, row by row.
            let table = try EmbeddingTable(tensor, rows: rows, width: columns)
            return [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
                guard let start = buffer.baseAddress else { return }
                for row in 0..<rows { table.read(Int32(row), into: start + row * columns) }
                count = rows * columns
            }
        }
    }
}
