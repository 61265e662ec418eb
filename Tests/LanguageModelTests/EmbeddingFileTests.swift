import Foundation
import JSON
import LanguageModel
import XCTest

/// Sentence encoders from small files made for one question each.
final class EmbeddingFileTests: XCTestCase {
    func testCutsWordsAndTexts() async throws {
        let model = try load(TinyEncoder())
        XCTAssertEqual(model.tokens(of: "Héllo, WORLD!"), [2, 4, 5, 1, 6, 3], "six tokens are read")
        XCTAssertEqual(model.tokens(of: "helhello"), [2, 1, 3], "a word that pieces cannot make")
        XCTAssertEqual(model.tokens(of: "world[SEP]"), [2, 6, 1, 1, 1, 3], "text is only text")
        XCTAssertEqual(model.tokens(of: ""), [2, 3])
        let vectors = try await model.embed(["hello", "world"])
        XCTAssertEqual(vectors.map(\.count), [32, 32])
        XCTAssertNotEqual(vectors[0], vectors[1])
    }

    func testWhatCannotRunIsRefusedByName() throws {
        let cases: [(file: String, key: String, value: JSONValue, code: LanguageModelError.Code)] = [
            ("config.json", "model_type", "roberta", .unsupportedModel),
            ("config.json", "hidden_act", "relu", .unsupportedModel),
            ("config.json", "position_embedding_type", "relative_key", .unsupportedModel),
            ("config.json", "hidden_size", 33, .malformedFile),
            ("config.json", "hidden_size", "32", .malformedFile),
            ("config.json", "num_hidden_layers", 0, .malformedFile),
            ("config.json", "num_attention_heads", nil, .malformedFile),
            ("config.json", "layer_norm_eps", -1, .malformedFile),
            ("config.json", "vocab_size", 7, .malformedFile),
            ("sentence_bert_config.json", "max_seq_length", 13, .malformedFile),
            ("sentence_bert_config.json", "max_seq_length", 1, .malformedFile),
            ("tokenizer_config.json", "do_lower_case", false, .unsupportedModel),
            ("tokenizer_config.json", "strip_accents", false, .unsupportedModel),
            ("1_Pooling/config.json", "pooling_mode_mean_tokens", false, .unsupportedModel),
            ("1_Pooling/config.json", "pooling_mode_cls_token", true, .unsupportedModel),
        ]
        for (file, key, value, code) in cases {
            assertThrows(try load(TinyEncoder(settings: [file: [key: value]])), code, key)
        }
        assertThrows(try load(TinyEncoder(modules: [["type": "a.Transformer"]])), .unsupportedModel, "modules are")
        let words = ["[CLS]", "[SEP]", "a"]
        assertThrows(try load(TinyEncoder(vocabulary: words)), .malformedFile, "vocab.txt has no [UNK]")
    }

    func testNamesTheTensorThatIsWrong() throws {
        let name = "encoder.layer.0.output.dense.bias"
        assertThrows(try load(TinyEncoder { $0.header[name] = nil }), .malformedFile, "data_offsets")
        assertThrows(
            try load(
                TinyEncoder { writer in
                    writer.header["other"] = writer.header[name]
                    writer.header[name] = nil
                }), .malformedFile, "tensor \(name) is missing")
        assertThrows(
            try load(
                TinyEncoder { writer in
                    guard let offsets = writer.header[name]?["data_offsets"] else { return }
                    writer.header[name] = ["dtype": "F32", "shape": [2, 16], "data_offsets": offsets]
                }), .malformedFile, "tensor \(name) has shape [2, 16], not [32]")
        assertThrows(
            try load(
                TinyEncoder { writer in
                    guard let start = writer.header[name]?["data_offsets"]?[0]?.integer.map(Int.init) else { return }
                    writer.data.replaceSubrange(start..<start + 4, with: GGUFWriter.little(Float.nan.bitPattern))
                }), .malformedFile, "tensor \(name) holds a number that is not finite")
    }

    func testAWordThatIsNotFiniteIsFoundWhenItIsRead() async throws {
        let model = try load(
            TinyEncoder { writer in
                // The words' vectors lie first; the first number of "world".
                writer.data.replaceSubrange(6 * 32 * 4..<6 * 32 * 4 + 4, with: GGUFWriter.little(Float.nan.bitPattern))
            })
        _ = try await model.embed(["hello"])
        do {
            _ = try await model.embed(["hello world"])
            XCTFail("it should not have finished")
        } catch {
            XCTAssertEqual(error.code, .malformedFile)
        }
    }

    private func load(_ tiny: TinyEncoder) throws -> EmbeddingModel {
        try TemporaryFolder.use { try EmbeddingModel(directory: tiny.write($0), threads: 1) }
    }
}
