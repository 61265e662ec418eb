import Foundation
import JSON
import LanguageModel
import XCTest

/// Thousands of damaged files: every reader ends with a sound value or a typed error, never with a crash, and what it
/// accepts can be used.
///
/// The same damage in every run. `LEADWRIGHT_FUZZ_ROUNDS=100` does a hundred times as much. When a reader crashes, the
/// file that did it is left in the temporary folder.
final class ReaderFuzzTests: XCTestCase {
    func testSafetensors() throws {
        var writer = SafetensorsWriter()
        writer.header["__metadata__"] = ["format": "pt"]
        writer.tensor("a", [2, 3], [1, 2, 3, 4, 5, 6])
        writer.tensor("b.weight", [4], [1, 2, 3, 4], type: "F16")
        writer.tensor("c", [1, 2, 2], [1, 2, 3, 4], type: "BF16")
        try fuzz(writer.file, seed: 1, rounds: 4_000) { path in
            for tensor in try SafetensorsFile(path: path).tensors.values { _ = try tensor.floats() }
        }
    }

    func testModels() throws {
        let pool = ThreadPool(threads: 1)
        for (index, architecture) in ["llama", "qwen2", "qwen3", "gemma3"].enumerated() {
            for (place, weights) in TinyModel.Weights.allCases.enumerated() {
                let path = try TinyModel(architecture: architecture, weights: weights).write()
                defer { try? FileManager.default.removeItem(atPath: path) }
                let sound = try Data(contentsOf: URL(filePath: path))
                try fuzz(sound, seed: UInt64(100 + 10 * index + place), rounds: 150, header: 3_500) { path in
                    let file = try GGUFFile(path: path)
                    for tensor in file.tensors.values { _ = tensor.bytes.reduce(0, &+) }
                    let model = try Transformer(file, pool: pool)
                    var cache = KeyValueCache(KeyValueLayout(model.shape))
                    let token = min(Int32(model.shape.vocabulary) - 1, 5)
                    _ = Inference(model, rows: 4).append([token, 0, token], to: &cache, last: { $0.count })
                }
            }
        }
    }

    func testTokenizers() throws {
        for (index, sound) in Self.tokenizers.enumerated() {
            try fuzz(sound.file, seed: UInt64(200 + index), rounds: 3_000, read: Self.encode)
        }
    }

    func testTheReferenceTokenizer() throws {
        // The real file's header: its tensors are cut off, and so the tensor count is set to none.
        var header = Array(
            try Data(contentsOf: URL(filePath: ReferenceFile.path()), options: .alwaysMapped).prefix(1_800_000))
        header.replaceSubrange(8..<16, with: [0, 0, 0, 0, 0, 0, 0, 0])
        try fuzz(Data(header), seed: 6, rounds: 24, header: 1_400, read: Self.encode)
    }

    func testGGUFAdapters() throws {
        let base = try AdapterTests.base("llama")
        let sound = try TemporaryFolder.use { try Data(contentsOf: URL(filePath: TinyAdapter().writeGGUF($0))) }
        try fuzz(sound, seed: 3, rounds: 2_000, header: 700) { path in
            try Self.use(Adapter(name: "fuzz", path: path, for: base), base)
        }
    }

    func testPEFTAdapters() throws {
        let base = try AdapterTests.base("llama")
        let tiny = TinyAdapter(configuration: [
            "rank_pattern": ["layers.[01].self_attn.(q|v)_proj": 3], "alpha_pattern": ["^model.*k_proj": 4],
        ])
        try TemporaryFolder.use { folder in
            let path = try tiny.writePEFT(folder)
            for (name, seed) in [("adapter_config.json", 4), ("adapter_model.safetensors", 5)] as [(String, UInt64)] {
                let sound = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
                try fuzz(sound, seed: seed, rounds: 2_000, header: 1_000, as: name, in: folder) { _ in
                    try Self.use(Adapter(name: "fuzz", path: path, for: base), base)
                }
                _ = try folder.write(sound, as: name)
            }
        }
    }

    func testSentenceEncoders() throws {
        try TemporaryFolder.use { folder in
            let path = try TinyEncoder().write(folder)
            let names = ["config.json", "modules.json", "vocab.txt", "sentence_bert_config.json", "model.safetensors"]
            for (index, name) in names.enumerated() {
                let sound = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
                try fuzz(sound, seed: UInt64(300 + index), rounds: 500, header: 2_500, as: name, in: folder) { _ in
                    let model = try EmbeddingModel(directory: path, threads: 1)
                    _ = model.tokens(of: "Hello, world! 東京")
                }
                _ = try folder.write(sound, as: name)
            }
        }
    }

    // MARK: Rounds

    private static let factor =
        ProcessInfo.processInfo.environment["LEADWRIGHT_FUZZ_ROUNDS"].flatMap { Int($0) }.map { max(1, $0) } ?? 1

    /// Reads damaged copies of a file that is sound.
    private func fuzz(
        _ sound: Data, seed: UInt64, rounds: Int, header: Int = .max, line: UInt = #line,
        read: (_ path: String) throws -> Void
    ) throws {
        try TemporaryFolder.use { folder in
            try fuzz(
                sound, seed: seed, rounds: rounds, header: header, as: "damaged", in: folder, line: line, read: read)
        }
    }

    private func fuzz(
        _ sound: Data, seed: UInt64, rounds: Int, header: Int, as name: String, in folder: TemporaryFolder,
        line: UInt = #line, read: (_ path: String) throws -> Void
    ) throws {
        XCTAssertNoThrow(try read(folder.write(sound, as: name)), line: line)
        var mutator = FileMutator(seed: seed)
        var refused = 0
        let rounds = rounds * Self.factor
        for _ in 0..<rounds {
            let damaged = Data(mutator.damaged(Array(sound), header: header))
            do {
                try read(folder.write(damaged, as: name))
            } catch {
                refused += 1
                XCTAssertTrue(error is LanguageModelError, "\(error)", line: line)
            }
        }
        XCTAssertGreaterThan(refused, rounds / 3, "\(name): the damage reaches what is checked", line: line)
        XCTAssertLessThan(refused, rounds, "\(name): some damage leaves a sound file", line: line)
    }

    private static func encode(path: String) throws {
        let file = try GGUFFile(path: path)
        let tokenizer = try Tokenizer(file)
        _ = try? ChatTemplate(file)
        for parsing in [false, true] {
            for token in tokenizer.encode("Hi Tom,  abc 5.80 € 東京 <|eot_id|> <tool>\n", parsingSpecial: parsing) {
                XCTAssertTrue((0..<Int32(tokenizer.count)).contains(token))
            }
        }
        _ = tokenizer.decode(0..<Int32(tokenizer.count))
    }

    private static func use(_ adapter: Adapter, _ base: AdapterBase) throws {
        for tensor in adapter.tensors {
            let pair = try XCTUnwrap(adapter.pair(tensor))
            _ = pair.change(for: [Float](repeating: 1, count: tensor.hasSuffix("ffn_down.weight") ? 96 : 64))
        }
    }

    /// Small vocabularies, one for each kind of tokenizer.
    private static var tokenizers: [GGUFWriter] {
        let bytePairs = ["gpt-2", "llama-bpe", "qwen2", "smollm"].map { name in
            var writer = GGUFWriter()
            writer.pair("tokenizer.ggml.model", "gpt2")
            writer.pair("tokenizer.ggml.pre", name)
            writer.pair("tokenizer.ggml.tokens", ["a", "b", "c", "bc", "abc", "<|eot_id|>", "<tool>", "Ġ", "é", "Ġa"])
            writer.pair("tokenizer.ggml.token_type", [1, 1, 1, 1, 1, 3, 4, 1, 1, 1])
            writer.pair("tokenizer.ggml.merges", ["b c", "Ġ a"])
            writer.pair("tokenizer.ggml.eos_token_id", UInt32(5))
            writer.pair("tokenizer.ggml.bos_token_id", UInt32(6))
            writer.pair("tokenizer.ggml.add_bos_token", true)
            return writer
        }
        var pieces = GGUFWriter()
        pieces.pair("tokenizer.ggml.model", "llama")
        let tokens = ["<unk>", "<s>", "</s>", "<0x0A>", "<0xE6>", "▁", "a", "b", "c", "bc", "▁abc", "<tool>", "東"]
        pieces.pair("tokenizer.ggml.tokens", tokens)
        pieces.pair("tokenizer.ggml.token_type", [2, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1, 4, 1])
        pieces.pair(
            "tokenizer.ggml.scores", type: GGUFWriter.array,
            GGUFWriter.little(UInt32(6)) + GGUFWriter.little(UInt64(tokens.count))
                + tokens.indices.map { GGUFWriter.little(Float(-$0).bitPattern) }.reduce(Data(), +))
        pieces.pair("tokenizer.ggml.unknown_token_id", UInt32(0))
        pieces.pair("tokenizer.ggml.add_space_prefix", true)
        return bytePairs + [pieces]
    }
}
