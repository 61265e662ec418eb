import Foundation
import JSON
import LanguageModel

/// A sentence encoder of a few thousand random weights, in the files of sentence-transformers.
struct TinyEncoder {
    /// Members in the place of the usual ones, by file.
    var settings: [String: [String: JSONValue]] = [:]
    var modules: JSONValue = [
        ["type": "sentence_transformers.models.Transformer"], ["type": "sentence_transformers.models.Pooling"],
        ["type": "sentence_transformers.models.Normalize"],
    ]
    var vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hel", "##lo", "world", "!"]
    /// A last change of the tensors.
    var change: (inout SafetensorsWriter) -> Void = { _ in }

    private let width = 32
    private let hidden = 48

    /// Writes the files and returns the folder's path.
    func write(_ folder: TemporaryFolder) throws -> String {
        let usual: [String: [String: JSONValue]] = [
            "config.json": [
                "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 1, "hidden_size": 32,
                "num_attention_heads": 2, "intermediate_size": 48, "vocab_size": 8, "max_position_embeddings": 12,
                "architectures": ["BertModel"], "initializer_range": 0.02, "transformers_version": "4.8.2",
            ],
            "sentence_bert_config.json": ["max_seq_length": 6, "do_lower_case": false],
            "tokenizer_config.json": ["do_lower_case": true],
            "1_Pooling/config.json": ["pooling_mode_mean_tokens": true],
        ]
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/1_Pooling", withIntermediateDirectories: true)
        for (name, members) in usual {
            let members = members.merging(settings[name] ?? [:]) { _, new in new }
            _ = try folder.write(JSONValue.object(members).canonicalData, as: name)
        }
        _ = try folder.write(modules.canonicalData, as: "modules.json")
        _ = try folder.write(Data(vocabulary.map { "\($0)\n" }.joined().utf8), as: "vocab.txt")
        _ = try folder.write(weights.file, as: "model.safetensors")
        return folder.path
    }

    private var weights: SafetensorsWriter {
        var random = SplitMix64(seed: 3)
        var writer = SafetensorsWriter()
        func add(_ name: String, _ shape: [Int]) {
            let numbers = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -0.5...0.5, using: &random) }
            writer.tensor(name, shape, numbers)
        }
        func linear(_ name: String, _ rows: Int, _ columns: Int) {
            add("\(name).weight", [rows, columns])
            add("\(name).bias", [rows])
        }
        func norm(_ name: String) {
            add("\(name).LayerNorm.weight", [width])
            add("\(name).LayerNorm.bias", [width])
        }
        add("embeddings.word_embeddings.weight", [8, width])
        add("embeddings.position_embeddings.weight", [12, width])
        add("embeddings.token_type_embeddings.weight", [2, width])
        norm("embeddings")
        let layer = "encoder.layer.0"
        for name in ["query", "key", "value"] { linear("\(layer).attention.self.\(name)", width, width) }
        linear("\(layer).attention.output.dense", width, width)
        norm("\(layer).attention.output")
        linear("\(layer).intermediate.dense", hidden, width)
        linear("\(layer).output.dense", width, hidden)
        norm("\(layer).output")
        change(&writer)
        return writer
    }
}
