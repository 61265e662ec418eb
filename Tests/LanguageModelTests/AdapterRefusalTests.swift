import Foundation
import JSON
import LanguageModel
import XCTest

/// Adapters that must not be used, each refused by name.
final class AdapterRefusalTests: XCTestCase {
    func testAnAdapterForAnotherModel() throws {
        var tiny = TinyAdapter()
        tiny.targets = [
            .init(module: "model.layers.2.mlp.up_proj", tensor: "blk.2.ffn_up.weight", rows: 96, columns: 64)
        ]
        try assertRefused(tiny, .adapterMismatch, "blk.2.ffn_up.weight, which this one lacks")
        tiny.targets = [
            .init(module: "model.layers.1.mlp.up_proj", tensor: "blk.1.ffn_up.weight", rows: 96, columns: 32)
        ]
        try assertRefused(tiny, .adapterMismatch, "blk.1.ffn_up.weight as [96 × 32], which is [96 × 64]")
        tiny.targets = [
            .init(module: "model.layers.1.mlp.up_proj", tensor: "blk.1.ffn_up.weight", rows: 64, columns: 64)
        ]
        try assertRefused(tiny, .adapterMismatch, "blk.1.ffn_up.weight as [64 × 64], which is [96 × 64]")
        let other = TinyAdapter(architecture: "qwen2")
        assertThrows(try gguf(other), .adapterMismatch, "its architecture is qwen2, not llama")
    }

    func testWhatIsMoreThanPairs() throws {
        let cases: [(key: String, value: JSONValue)] = [
            ("peft_type", "LOHA"), ("peft_type", nil), ("task_type", "SEQ_CLS"), ("bias", "lora_only"),
            ("use_dora", true), ("modules_to_save", ["score"]), ("lora_bias", true),
            ("trainable_token_indices", [1, 2]), ("alora_invocation_tokens", [5]), ("layer_replication", [[0, 1]]),
            ("target_parameters", ["experts"]), ("use_qalora", true), ("use_bdlora", [:]), ("arrow_config", ["a": 1]),
        ]
        for (key, value) in cases where value != [:] {
            assertThrows(try peft(TinyAdapter(configuration: [key: value])), .unsupportedModel, key)
        }
        XCTAssertNoThrow(try peft(TinyAdapter(configuration: ["task_type": nil, "modules_to_save": []])))
    }

    func testSettingsThatAreNotSound() throws {
        let cases: [(words: String, [String: JSONValue])] = [
            ("r in adapter_config.json", ["r": 0]), ("r in adapter_config.json", ["r": "8"]),
            ("lora_alpha in", ["lora_alpha": nil]),
            ("down_proj has rank 3", ["r": 4]),
            ("q_proj has rank 3", ["rank_pattern": ["q_proj": 5]]),
            ("rank_pattern in adapter_config.json has no number for \"q\"", ["rank_pattern": ["q": "5"]]),
            ("\"(\", which is no regular expression", ["alpha_pattern": ["(": 5]]),
            ("\"(.|..)+x\" in adapter_config.json takes too long", ["alpha_pattern": ["(.|..)+x": 5]]),
            ("holds a number that is not finite", ["lora_alpha": 1e40]),
        ]
        for (words, members) in cases {
            assertThrows(try peft(TinyAdapter(configuration: members)), .malformedFile, words)
        }
        try TemporaryFolder.use { folder in
            let path = try TinyAdapter().writePEFT(folder)
            _ = try folder.write(Data("{\"r\": 3".utf8), as: "adapter_config.json")
            assertThrows(try load(path), .malformedFile, "adapter_config.json is not valid JSON at line 1")
        }
    }

    func testTensorsThatAreNotPairs() throws {
        let layer = "base_model.model.model.layers.0"
        func changed(_ change: @escaping (inout SafetensorsWriter) -> Void) -> TinyAdapter {
            TinyAdapter(changeTensors: change)
        }
        assertThrows(
            try peft(
                changed { $0.tensor("\(layer).mlp.up_proj.lora_B.weight", [96, 3], .init(repeating: 0, count: 288)) }),
            .malformedFile, "\(layer).mlp.up_proj.lora_B.weight is there without")
        assertThrows(
            try peft(changed { $0.tensor("\(layer).self_attn.q_proj.lora_magnitude_vector", [1], [1]) }),
            .unsupportedModel, "lora_magnitude_vector")
        for module in ["model.embed_tokens", "score", "model.layers.0.mlp.router", "model.layers.x.mlp.up_proj"] {
            let target = TinyAdapter.Target(module: module, tensor: "token_embd.weight", rows: 37, columns: 64)
            assertThrows(try peft(TinyAdapter(targets: [target])), .unsupportedModel, "it changes \(module)")
        }
        let table = TinyAdapter.Target(module: "", tensor: "token_embd.weight", rows: 37, columns: 64)
        assertThrows(try gguf(TinyAdapter(targets: [table])), .unsupportedModel, "it changes token_embd.weight")
        let twice = TinyAdapter.Target(module: "model.layers.00.self_attn.v_proj", tensor: "", rows: 32, columns: 64)
        let first = TinyAdapter.Target(module: "model.layers.0.self_attn.v_proj", tensor: "", rows: 32, columns: 64)
        assertThrows(try peft(TinyAdapter(targets: [first, twice])), .malformedFile, "two modules change blk.0.attn_v")
        assertThrows(
            try peft(
                changed {
                    $0.tensor("base_model.model.lm_head.base_layer.weight", [2, 64], .init(repeating: 0, count: 128))
                }),
            .adapterMismatch, "its lm_head has shape [2, 64]")
        assertThrows(try peft(TinyAdapter(targets: [])), .malformedFile, "it holds no pair")
    }

    func testGGUFFilesThatAreNotPlainAdapters() throws {
        let cases: [(words: String, code: LanguageModelError.Code, change: (inout GGUFWriter) -> Void)] = [
            ("general.type is \"model\"", .unsupportedModel, { $0.pair("general.type", "model") }),
            ("adapter.type is \"control\"", .unsupportedModel, { $0.pair("adapter.type", "control") }),
            ("adapter.lora.alpha", .malformedFile, { $0.pair("adapter.lora.alpha", "six") }),
            ("invocation tokens", .unsupportedModel, { $0.pair("adapter.alora.invocation_tokens", [UInt32(1)]) }),
        ]
        for (words, code, change) in cases {
            let tiny = TinyAdapter(changeFile: {
                var changed = GGUFWriter()
                change(&changed)
                $0.replace(with: changed)
            })
            assertThrows(try gguf(tiny), code, words)
        }
        let tensors: [(String, String, LanguageModelError.Code, [UInt64])] = [
            ("blk.0.attn_norm.weight", "it holds blk.0.attn_norm.weight", .unsupportedModel, [8]),
            ("blk.1.ffn_up.weight.lora_a", "is there without blk.1.ffn_up.weight.lora_b", .malformedFile, [8, 1]),
        ]
        for (name, words, code, dimensions) in tensors {
            let tiny = TinyAdapter(changeFile: {
                $0.tensor(name, dimensions: dimensions, type: 0, offset: UInt64($0.data.count))
                $0.data += Data(count: 32)
            })
            assertThrows(try gguf(tiny), code, words)
        }
        assertThrows(try gguf(TinyAdapter(targets: [])), .malformedFile, "it holds no pair")
    }

    func testNumbersThatAreNotFinite() throws {
        let tiny = TinyAdapter(changeFile: { writer in
            writer.data.replaceSubrange(40..<44, with: GGUFWriter.little(Float.nan.bitPattern))
        })
        assertThrows(try gguf(tiny), .malformedFile, "holds a number that is not finite")
    }

    func testRanksThatMakeNoSense() throws {
        assertThrows(try gguf(TinyAdapter(rank: 97)), .malformedFile, "has rank 97")
        XCTAssertNoThrow(try gguf(TinyAdapter(rank: 64)))
    }

    func testWhatIsNotThere() throws {
        try TemporaryFolder.use { folder in
            assertThrows(try load("\(folder.path)/none"), .unreadableFile, "none")
            assertThrows(try load(folder.path), .unreadableFile, "adapter_config.json")
        }
    }

    private func assertRefused(
        _ tiny: TinyAdapter, _ code: LanguageModelError.Code, _ words: String, line: UInt = #line
    ) throws {
        assertThrows(try peft(tiny), code, words, line: line)
        assertThrows(try gguf(tiny), code, words, line: line)
    }

    private func peft(_ tiny: TinyAdapter) throws -> Adapter { try tiny.loadPEFT(AdapterTests.base("llama")) }

    private func gguf(_ tiny: TinyAdapter) throws -> Adapter { try tiny.loadGGUF(AdapterTests.base("llama")) }

    private func load(_ path: String) throws -> Adapter {
        try Adapter(name: "a", path: path, for: AdapterTests.base("llama"))
    }
}
