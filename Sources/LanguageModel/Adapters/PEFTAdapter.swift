import Foundation

/// A directory as PEFT's `save_pretrained` writes it: `adapter_config.json`, and `adapter_model.safetensors` with
/// `base_model.model.<module>.lora_A.weight` [rank, inputs] and `….lora_B.weight` [outputs, rank].
struct PEFTAdapter {
    let configurationPath: String
    let weightsPath: String

    private static let prefix = "base_model.model."
    /// The names of a layer's modules in Hugging Face's Llama, Qwen and Gemma classes, and in GGUF files.
    private static let modules = [
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    ]

    init(directory: String) {
        let url = URL(filePath: directory)
        configurationPath = url.appending(path: "adapter_config.json").path
        weightsPath = url.appending(path: "adapter_model.safetensors").path
    }

    func pairs(_ base: AdapterBase) throws(LanguageModelError) -> [String: AdapterPair] {
        let configuration = try PEFTConfiguration(path: configurationPath)
        let file = try SafetensorsFile(path: weightsPath)
        // PEFT saves the base's own weights with an adapter of lm_head: of another shape where the vocabulary was resized.
        let copy = "\(Self.prefix)lm_head.base_layer.weight"
        if let shape = file.tensors[copy]?.shape, shape != (try base.matrix("output.weight")).shape {
            throw LanguageModelError(
                .adapterMismatch, "the adapter is for another model: its lm_head has shape \(shape)")
        }
        let names = file.tensors.keys.filter { $0 != copy }
        var pairs: [String: AdapterPair] = [:]
        for stem in try AdapterHalf.stems(of: names, down: ".lora_A.weight", up: ".lora_B.weight") {
            guard stem.hasPrefix(Self.prefix) else { throw .unsupportedAdapter("it holds \(stem).lora_A.weight") }
            let module = String(stem.dropFirst(Self.prefix.count))
            let tensor = try Self.tensor(ofModule: module)
            let down = try Self.half(try file.tensor("\(stem).lora_A.weight"))
            var up = try Self.half(try file.tensor("\(stem).lora_B.weight"))
            if base.architecture == "llama" { up = Self.permuted(up, module: module, base) }
            let scale = try configuration.scale(of: module, rank: down.rows)
            let pair = try AdapterPair(tensor, down: down, up: up, scale: scale, base)
            guard pairs.updateValue(pair, forKey: tensor) == nil else {
                throw .malformedAdapter("two modules change \(tensor), one of them \(module)")
            }
        }
        return pairs
    }

    /// `model.layers.0.self_attn.q_proj` → `blk.0.attn_q.weight`.
    private static func tensor(ofModule module: String) throws(LanguageModelError) -> String {
        if module == "lm_head" { return "output.weight" }
        // Text models inside multimodal ones have `language_model` in the path, before or behind `model`.
        let parts = module.split(separator: ".").filter { $0 != "language_model" }
        guard parts.count == 5, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2]), layer >= 0,
            let name = modules["\(parts[3]).\(parts[4])"]
        else { throw .unsupportedAdapter("it changes \(module)") }
        return "blk.\(layer).\(name).weight"
    }

    private static func half(_ tensor: SafetensorsTensor) throws(LanguageModelError) -> AdapterHalf {
        guard tensor.shape.count == 2 else {
            throw .malformedAdapter("tensor \(tensor.name) has shape \(tensor.shape), not [rows, columns]")
        }
        return AdapterHalf(rows: tensor.shape[0], columns: tensor.shape[1], numbers: tensor.floats)
    }

    /// The half with its rows in the order of Llama's GGUF files, if it belongs to queries or keys.
    ///
    /// Hugging Face turns number i of a head together with number i + width / 2, ggml's "norm" rotation number 2i with
    /// 2i + 1; so llama.cpp's converter moves the rows of these matrices (`LlamaModel.permute`).
    private static func permuted(_ up: AdapterHalf, module: String, _ base: AdapterBase) -> AdapterHalf {
        let heads: Int
        if module.hasSuffix(".q_proj") {
            heads = base.heads
        } else if module.hasSuffix(".k_proj") {
            heads = base.keyValueHeads
        } else {
            return up
        }
        let half = up.rows / heads / 2
        // Rows of another number fit no matrix, and the pair is refused for that.
        guard up.rows == heads * half * 2 else { return up }
        return AdapterHalf(rows: up.rows, columns: up.columns) { () throws(LanguageModelError) in
            let numbers = try up.numbers()
            var permuted: [Float] = []
            permuted.reserveCapacity(numbers.count)
            for head in 0..<heads {
                for pair in 0..<half {
                    for side in 0..<2 {
                        let row = (head * 2 + side) * half + pair
                        permuted += numbers[row * up.columns..<(row + 1) * up.columns]
                    }
                }
            }
            return permuted
        }
    }
}
