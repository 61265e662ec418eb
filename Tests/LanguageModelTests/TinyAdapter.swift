import Foundation
import JSON
import LanguageModel

/// A LoRA adapter of seeded numbers for ``TinyModel``, written in both forms.
struct TinyAdapter {
    /// A matrix that it changes.
    struct Target {
        /// Hugging Face's path: `model.layers.0.self_attn.q_proj`.
        let module: String
        /// GGUF's name: `blk.0.attn_q.weight`.
        let tensor: String
        let rows: Int
        let columns: Int
        /// The heads whose rows Llama's GGUF files have in another order.
        var heads: Int?
    }

    var targets = [
        Target(
            module: "model.layers.0.self_attn.q_proj", tensor: "blk.0.attn_q.weight", rows: 64, columns: 64, heads: 4),
        Target(
            module: "model.layers.1.self_attn.k_proj", tensor: "blk.1.attn_k.weight", rows: 32, columns: 64, heads: 2),
        Target(module: "model.layers.1.self_attn.v_proj", tensor: "blk.1.attn_v.weight", rows: 32, columns: 64),
        Target(module: "model.layers.0.mlp.down_proj", tensor: "blk.0.ffn_down.weight", rows: 64, columns: 96),
    ]
    var seed: UInt64 = 1
    var rank = 3
    var alpha = 6
    /// In the PEFT form.
    var type = "F32"
    var architecture = "llama"
    /// Members of `adapter_config.json` beside the usual ones, or in their place.
    var configuration: [String: JSONValue] = [:]
    /// A last change of the PEFT form's tensors.
    var changeTensors: (inout SafetensorsWriter) -> Void = { _ in }
    /// A last change of the GGUF form.
    var changeFile: (inout GGUFWriter) -> Void = { _ in }

    /// Reads it from the PEFT form.
    func loadPEFT(_ base: AdapterBase) throws -> Adapter {
        try TemporaryFolder.use { try Adapter(name: "tiny", path: writePEFT($0), for: base) }
    }

    /// Reads it from the GGUF form.
    func loadGGUF(_ base: AdapterBase) throws -> Adapter {
        try TemporaryFolder.use { try Adapter(name: "tiny", path: writeGGUF($0), for: base) }
    }

    /// Writes `adapter_config.json` and `adapter_model.safetensors`, and returns the folder's path.
    func writePEFT(_ folder: TemporaryFolder) throws -> String {
        var members: [String: JSONValue] = [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": .integer(Int64(rank)),
            "lora_alpha": .integer(Int64(alpha)), "bias": "none", "use_dora": false, "rank_pattern": [:],
            "alpha_pattern": [:], "modules_to_save": nil, "target_modules": ["q_proj"], "fan_in_fan_out": false,
        ]
        members.merge(configuration) { _, new in new }
        _ = try folder.write(JSONValue.object(members).canonicalData, as: "adapter_config.json")
        var writer = SafetensorsWriter()
        for (target, down, up) in pairs {
            let name = "base_model.model.\(target.module)"
            writer.tensor("\(name).lora_A.weight", [rank, target.columns], down, type: type)
            writer.tensor("\(name).lora_B.weight", [target.rows, rank], up, type: type)
        }
        changeTensors(&writer)
        _ = try folder.write(writer.file, as: "adapter_model.safetensors")
        return folder.path
    }

    /// Writes `adapter.gguf` and returns its path.
    func writeGGUF(_ folder: TemporaryFolder) throws -> String {
        var writer = GGUFWriter()
        writer.pair("general.type", "adapter")
        writer.pair("general.architecture", architecture)
        writer.pair("adapter.type", "lora")
        writer.pair("adapter.lora.alpha", number: Float(alpha))
        for (target, down, up) in pairs {
            var permuted = up
            if let heads = target.heads, architecture == "llama" {
                for (row, place) in Self.places(rows: target.rows, heads: heads).enumerated() {
                    for column in 0..<rank { permuted[place * rank + column] = up[row * rank + column] }
                }
            }
            for (half, dimensions, numbers) in [
                ("lora_a", [target.columns, rank], down), ("lora_b", [rank, target.rows], permuted),
            ] {
                writer.tensor(
                    "\(target.tensor).\(half)", dimensions: dimensions.map(UInt64.init), type: 0,
                    offset: UInt64(writer.data.count))
                for number in numbers { writer.data += GGUFWriter.little(number.bitPattern) }
                writer.data += Data(count: (32 - writer.data.count % 32) % 32)
            }
        }
        changeFile(&writer)
        return try folder.write(writer.file, as: "adapter.gguf")
    }

    /// Where each of Hugging Face's rows lies in a GGUF file of Llama: number i of a head is beside number i + width / 2.
    static func places(rows: Int, heads: Int) -> [Int] {
        let half = rows / heads / 2
        return (0..<rows).map { row in
            let (head, place) = row.quotientAndRemainder(dividingBy: 2 * half)
            return head * 2 * half + place % half * 2 + place / half
        }
    }

    /// Multiples of 1/16, which every type holds exactly. down: [rank][columns], up: [rows][rank]
    var pairs: [(Target, down: [Float], up: [Float])] {
        var random = SplitMix64(seed: seed)
        return targets.map { target in
            func numbers(_ count: Int) -> [Float] {
                (0..<count).map { _ in Float(Int.random(in: -16...16, using: &random)) / 16 }
            }
            return (target, numbers(rank * target.columns), numbers(target.rows * rank))
        }
    }
}
