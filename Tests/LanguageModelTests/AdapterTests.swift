import Foundation
import JSON
import LanguageModel
import TestSupport
import XCTest

/// Adapters in both forms, and what they change.
final class AdapterTests: XCTestCase {
    func testBothFormsGiveTheSamePairs() throws {
        for architecture in ["llama", "qwen2"] {
            let base = try Self.base(architecture)
            for type in ["F32", "F16", "BF16"] {
                let tiny = TinyAdapter(type: type, architecture: architecture)
                let (peft, gguf) = try (tiny.loadPEFT(base), tiny.loadGGUF(base))
                XCTAssertEqual(peft.tensors, Set(tiny.targets.map(\.tensor)))
                XCTAssertEqual(peft.tensors, gguf.tensors)
                XCTAssertEqual([peft.rank, gguf.rank], [3, 3])
                for target in tiny.targets {
                    let input = Self.probe(target.columns)
                    let change = try XCTUnwrap(peft.pair(target.tensor)).change(for: input)
                    XCTAssertEqual(change.count, target.rows)
                    XCTAssertGreaterThan(change.map(abs).max() ?? 0, 0.1, "it changes something")
                    XCTAssertEqual(change, try XCTUnwrap(gguf.pair(target.tensor)).change(for: input), target.tensor)
                }
            }
        }
    }

    /// `Fixtures/adapters/plain`: rank 2 on q, k, down and lm_head of a Llama of ``TinyModel``'s sizes, made with
    /// PEFT 0.21.2; adapter.gguf by llama.cpp's convert_lora_to_gguf.py. changes.json has, for each module, PEFT's
    /// `get_delta_weight` times ``probe(_:)``, after loading the adapter again.
    func testChangesWhatPEFTChanges() throws {
        let folder = PackageRoot.path("Tests/LanguageModelTests/Fixtures/adapters/plain")
        for path in [folder, "\(folder)/adapter.gguf"] {
            let adapter = try Adapter(name: "plain", path: path, for: Self.base("llama"))
            XCTAssertEqual(adapter.tensors.count, 7)
            try assertChanges(adapter, folder, permuting: ["q_proj": 4, "k_proj": 2])
        }
    }

    /// `Fixtures/adapters/patterns`: rank-stabilised, on a Qwen 2, with patterns for ranks and alphas, two of which fit
    /// one module.
    func testFollowsPatternsAsPEFTDoes() throws {
        let folder = PackageRoot.path("Tests/LanguageModelTests/Fixtures/adapters/patterns")
        let adapter = try Adapter(name: "patterns", path: folder, for: Self.base("qwen2"))
        XCTAssertEqual(adapter.tensors.count, 10)
        XCTAssertEqual(adapter.rank, 3)
        XCTAssertEqual(adapter.pair("blk.1.ffn_up.weight")?.rank, 1)
        try assertChanges(adapter, folder, permuting: [:])
    }

    func testScalesByAlphaAndRank() throws {
        let base = try Self.base("llama")
        let plain = try change(TinyAdapter(alpha: 6), base)
        XCTAssertEqual(try change(TinyAdapter(alpha: 12), base), plain.map { $0 * 2 })
        let stable = try change(TinyAdapter(alpha: 6, configuration: ["use_rslora": true]), base)
        for (a, b) in zip(stable, plain) { XCTAssertEqual(a, b * Float(3).squareRoot(), accuracy: 1e-4) }
        // Without an alpha the pairs stand as they are, as in llama.cpp.
        let pair = try XCTUnwrap(TinyAdapter(alpha: 0).loadGGUF(base).pair("blk.1.attn_v.weight"))
        XCTAssertEqual(pair.change(for: Self.probe(64)).map { $0 * 2 }, plain)
    }

    func testKnowsAdaptersByTheirContent() throws {
        let base = try Self.base("llama")
        func digest(_ tiny: TinyAdapter) throws -> String { try tiny.loadPEFT(base).sha256 }
        let first = try digest(TinyAdapter())
        XCTAssertEqual(first.count, 64)
        XCTAssertEqual(try digest(TinyAdapter()), first)
        XCTAssertNotEqual(try digest(TinyAdapter(seed: 2)), first)
        XCTAssertNotEqual(try digest(TinyAdapter(alpha: 7)), first)
    }

    func testAnAdapterOfTheHeadServesTiedWeightsToo() throws {
        let path = try TinyModel(missing: "output.weight").write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let head = TinyAdapter.Target(module: "lm_head", tensor: "output.weight", rows: 37, columns: 64)
        let adapter = try TinyAdapter(targets: [head]).loadPEFT(AdapterBase(GGUFFile(path: path)))
        XCTAssertEqual(adapter.tensors, ["output.weight"])
    }

    /// The model that the adapters here belong to.
    static func base(_ architecture: String) throws -> AdapterBase {
        let path = try TinyModel(architecture: architecture).write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try AdapterBase(GGUFFile(path: path))
    }

    /// An input that is easy to write in any language: ((7 · i) mod 11 - 5) / 5.
    private static func probe(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 7 % 11 - 5) / 5 } }

    /// What the value projection of the second layer gets.
    private func change(_ tiny: TinyAdapter, _ base: AdapterBase) throws -> [Float] {
        try XCTUnwrap(tiny.loadPEFT(base).pair("blk.1.attn_v.weight")).change(for: Self.probe(64))
    }

    /// Compares with changes.json; rows of the named modules have another order in GGUF files.
    private func assertChanges(_ adapter: Adapter, _ folder: String, permuting heads: [String: Int]) throws {
        let text = try String(contentsOfFile: "\(folder)/changes.json", encoding: .utf8)
        let modules = try XCTUnwrap(JSONValue(parsing: text).object)
        let names = [
            "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
            "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
        ]
        for (module, values) in modules {
            let parts = module.split(separator: ".").map(String.init)
            let projection = parts[parts.count - 1]
            let tensor = module == "lm_head" ? "output.weight" : "blk.\(parts[2]).\(names[projection] ?? "?").weight"
            let pair = try XCTUnwrap(adapter.pair(tensor), module)
            let change = pair.change(for: Self.probe(projection == "down_proj" ? 96 : 64))
            let expected = try XCTUnwrap(values.array).compactMap(\.double)
            let places = heads[projection].map { TinyAdapter.places(rows: expected.count, heads: $0) }
            for (row, value) in expected.enumerated() {
                XCTAssertEqual(Double(change[places?[row] ?? row]), value, accuracy: 1e-5, "\(module) \(row)")
            }
        }
    }
}
