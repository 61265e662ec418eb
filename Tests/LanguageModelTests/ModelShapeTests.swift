import Foundation
import LanguageModel
import XCTest

/// What is read from a file's keys, for each architecture; the numbers are those of models in use.
final class ModelShapeTests: XCTestCase {
    func testLlamaTurnsNeighbours() throws {
        let shape = try shape("llama") { $0.pair("llama.rope.freq_base", number: 500_000) }
        XCTAssertEqual(shape.architecture, .llama)
        XCTAssertEqual(shape.pairing, .neighbours)
        XCTAssertEqual(shape.gate, .silu)
        XCTAssertEqual(shape.headWidth, 64)
        XCTAssertEqual(shape.embeddingScale, 1)
        XCTAssertEqual(shape.attentionScale, 0.125)
        XCTAssertNil(shape.window(layer: 0))
        XCTAssertEqual(shape.ropeBase(layer: 3), 500_000)
        let frequencies = shape.rotaryFrequencies(layer: 3)
        XCTAssertEqual(frequencies.count, 32)
        XCTAssertEqual(frequencies[0], 1)
        XCTAssertEqual(frequencies[16], pow(500_000, -0.5), accuracy: 1e-12)
    }

    func testQwenHeadsAreHalvesAndOfTheirOwnWidth() throws {
        XCTAssertEqual(try shape("qwen2").pairing, .halves)
        let shape = try shape("qwen3") {
            $0.pair("qwen3.attention.key_length", 128)
            $0.pair("qwen3.attention.value_length", 128)
        }
        XCTAssertEqual(shape.pairing, .halves)
        XCTAssertEqual(shape.gate, .silu)
        XCTAssertEqual(shape.headWidth, 128)
        XCTAssertEqual(shape.attentionScale, 1 / Float(128).squareRoot())
    }

    func testGemmaSeesWindowsAndScalesItsEmbeddings() throws {
        let shape = try shape("gemma3") {
            $0.pair("gemma3.attention.key_length", 256)
            $0.pair("gemma3.attention.value_length", 256)
            $0.pair("gemma3.attention.sliding_window", 512)
            $0.pair("gemma3.rope.freq_base", number: 1_000_000)
            $0.pair("gemma3.rope.scaling.type", "linear")
            $0.pair("gemma3.rope.scaling.factor", number: 8)
        }
        XCTAssertEqual(shape.pairing, .halves)
        XCTAssertEqual(shape.gate, .gelu)
        XCTAssertEqual(shape.embeddingScale, 24)
        XCTAssertEqual(shape.attentionScale, 0.0625)
        XCTAssertEqual((0..<8).map { shape.window(layer: $0) }, [512, 512, 512, 512, 512, nil, 512, 512])
        XCTAssertEqual(shape.ropeBase(layer: 4), 10_000)
        XCTAssertEqual(shape.ropeBase(layer: 5), 1_000_000)
        // Linear scaling is for the layers that see everything.
        XCTAssertEqual(shape.rotaryFrequencies(layer: 4)[0], 1)
        XCTAssertEqual(shape.rotaryFrequencies(layer: 5)[0], 0.125)
    }

    func testWindowPatternsMayBeWrittenOut() throws {
        let flags = try shape("gemma3") {
            $0.pair("gemma3.attention.sliding_window", 4)
            $0.pair(
                "gemma3.attention.sliding_window_pattern", type: GGUFWriter.array,
                GGUFWriter.little(GGUFWriter.bool) + GGUFWriter.little(UInt64(8)) + Data([1, 0, 1, 1, 0, 0, 0, 1]))
        }
        XCTAssertEqual(
            (0..<8).map { flags.window(layer: $0) != nil }, [true, false, true, true, false, false, false, true])
        let period = try shape("gemma3") {
            $0.pair("gemma3.attention.sliding_window", 4)
            $0.pair("gemma3.attention.sliding_window_pattern", 2)
        }
        XCTAssertEqual((0..<4).map { period.window(layer: $0) != nil }, [true, false, true, false])
        XCTAssertNil(try shape("gemma3") { $0.pair("gemma3.attention.sliding_window", 0) }.window(layer: 0))
    }

    func testLlama3DividesItsFrequencies() throws {
        let factors = (0..<32).map { Float(1 + $0 % 4 * 3) }
        let shape = try shape("llama", factors: factors)
        for (pair, frequency) in shape.rotaryFrequencies(layer: 0).enumerated() {
            XCTAssertEqual(frequency, pow(10_000, -Double(pair) / 32) / Double(factors[pair]), accuracy: 1e-12)
        }
    }

    func testNamesWhatItCannotRun() {
        let cases: [(words: String, code: LanguageModelError.Code, change: (inout GGUFWriter) -> Void)] = [
            ("phi3", .unsupportedModel, { $0.pair("general.architecture", "phi3") }),
            ("\"yarn\"", .unsupportedModel, { $0.pair("gemma3.rope.scaling.type", "yarn") }),
            ("final_logit_softcapping", .unsupportedModel, { $0.pair("gemma3.final_logit_softcapping", number: 30) }),
            ("expert_count", .unsupportedModel, { $0.pair("gemma3.expert_count", 8) }),
            ("heads of 72", .unsupportedModel, { $0.pair("gemma3.attention.key_length", 72) }),
            ("heads of 64", .unsupportedModel, { $0.pair("gemma3.attention.value_length", 32) }),
            ("heads of 64", .unsupportedModel, { $0.pair("gemma3.rope.dimension_count", 32) }),
            ("no multiple of head_count_kv", .malformedFile, { $0.pair("gemma3.attention.head_count_kv", 2) }),
            ("rope.freq_base", .malformedFile, { $0.pair("gemma3.rope.freq_base", number: 0) }),
            ("rope.scaling.factor", .malformedFile, { $0.pair("gemma3.rope.scaling.factor", number: -2) }),
            (
                "for 8 layers", .malformedFile,
                {
                    $0.pair("gemma3.attention.sliding_window", 4)
                    $0.pair("gemma3.attention.sliding_window_pattern", [UInt32(1)])
                }
            ),
        ]
        for (words, code, change) in cases {
            XCTAssertThrowsError(try shape("gemma3", change), words) { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, code, words)
                XCTAssertTrue("\(error)".contains(words), "\(error) does not say: \(words)")
            }
        }
    }

    /// The shape of a file with 8 layers of 9 heads and a width of 576, after a change to it.
    private func shape(
        _ architecture: String, factors: [Float] = [], _ change: (inout GGUFWriter) -> Void = { _ in }
    ) throws -> ModelShape {
        var writer = GGUFWriter()
        writer.pair("general.architecture", architecture)
        for (key, value) in [
            ("block_count", 8), ("context_length", 128), ("embedding_length", 576), ("feed_forward_length", 1536),
            ("attention.head_count", 9), ("attention.head_count_kv", 3),
        ] as [(String, UInt32)] { writer.pair("\(architecture).\(key)", value) }
        writer.pair("\(architecture).attention.layer_norm_rms_epsilon", number: 1e-5)
        writer.tensor("token_embd.weight", dimensions: [576, 1], type: 0, offset: 0)
        writer.data = Data(count: 576 * 4)
        if !factors.isEmpty {
            writer.tensor("rope_freqs.weight", dimensions: [32], type: 0, offset: UInt64(writer.data.count))
            writer.data += factors.map { GGUFWriter.little($0.bitPattern) }.reduce(Data(), +)
        }
        var changed = GGUFWriter()
        change(&changed)
        writer.replace(with: changed)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        try writer.file.write(to: url)
        return try ModelShape(GGUFFile(path: url.path))
    }
}
