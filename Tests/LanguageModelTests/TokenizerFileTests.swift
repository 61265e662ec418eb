import Foundation
import LanguageModel
import XCTest

/// Tokenizers from small files made for one question each.
final class TokenizerFileTests: XCTestCase {
    func testTakesWholeWordsWhereTheModelDoes() throws {
        // No merge leads to "abc"; Llama 3's tokenizer takes it as it is a token, GPT-2's does not.
        XCTAssertEqual(try tokenizer().encode("abc abc"), [0, 3, 7, 0, 3])
        XCTAssertEqual(
            try tokenizer {
                $0.pair("tokenizer.ggml.pre", "llama-bpe")
                $0.pair("tokenizer.ggml.add_bos_token", false)
            }.encode("abc"), [4])
    }

    func testLeavesOutBytesThatTheVocabularyLacks() throws {
        XCTAssertEqual(try tokenizer().encode("azb"), [0, 1])
        XCTAssertEqual(try tokenizer().encode("z"), [])
    }

    func testFindsAddedWordsInAnyText() throws {
        let tokenizer = try tokenizer()
        XCTAssertEqual(tokenizer.encode("a<tool>b"), [0, 6, 1])
        XCTAssertEqual(tokenizer.decode([0, 6, 1]), "a<tool>b")
        XCTAssertFalse(tokenizer.isSpecial(6))
        XCTAssertEqual(tokenizer.encode("a<|eot_id|>b", parsingSpecial: true), [0, 5, 1])
        XCTAssertEqual(tokenizer.encode("a<|eot_id|>", parsingSpecial: false), [0])
    }

    func testKnowsWhereTextsBeginAndEnd() throws {
        XCTAssertEqual(try tokenizer().endOfTurn, [4, 5])
        XCTAssertNil(try tokenizer().beginning)
        let beginning = try tokenizer {
            $0.pair("tokenizer.ggml.add_bos_token", true)
            $0.pair("tokenizer.ggml.bos_token_id", UInt32(2))
            $0.pair("tokenizer.ggml.eot_token_id", UInt32(3))
        }
        XCTAssertEqual(beginning.beginning, 2)
        XCTAssertEqual(beginning.endOfTurn, [3, 4, 5])
    }

    func testNamesWhatIsWrong() {
        let cases: [(words: String, code: LanguageModelError.Code, change: (inout GGUFWriter) -> Void)] = [
            ("\"bert\"", .unsupportedModel, { $0.pair("tokenizer.ggml.model", "bert") }),
            ("\"tekken\"", .unsupportedModel, { $0.pair("tokenizer.ggml.pre", "tekken") }),
            ("tokenizer.ggml.pre", .malformedFile, { $0.pair("tokenizer.ggml.pre", UInt32(1)) }),
            ("has 0 tokens", .malformedFile, { $0.pair("tokenizer.ggml.tokens", [String]()) }),
            ("token_type has 1 entries", .malformedFile, { $0.pair("tokenizer.ggml.token_type", [1]) }),
            ("merges[0]", .malformedFile, { $0.pair("tokenizer.ggml.merges", ["b"]) }),
            ("merges[1]", .malformedFile, { $0.pair("tokenizer.ggml.merges", ["b c", "a b"]) }),
            ("merges[0]", .malformedFile, { $0.pair("tokenizer.ggml.merges", ["b c c"]) }),
            ("eos_token_id is 8", .malformedFile, { $0.pair("tokenizer.ggml.eos_token_id", UInt32(8)) }),
            ("bos_token_id is missing", .malformedFile, { $0.pair("tokenizer.ggml.add_bos_token", true) }),
        ]
        for (words, code, change) in cases {
            XCTAssertThrowsError(try tokenizer(change), words) { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, code, words)
                XCTAssertTrue("\(error)".contains(words), "\(error) does not say: \(words)")
            }
        }
    }

    /// A tokenizer of eight tokens, after a change to its file.
    private func tokenizer(_ change: (inout GGUFWriter) -> Void = { _ in }) throws -> Tokenizer {
        var changed = GGUFWriter()
        change(&changed)
        var writer = GGUFWriter()
        writer.pair("tokenizer.ggml.model", "gpt2")
        writer.pair("tokenizer.ggml.pre", "gpt-2")
        writer.pair("tokenizer.ggml.tokens", ["a", "b", "c", "bc", "abc", "<|eot_id|>", "<tool>", "Ġ"])
        writer.pair("tokenizer.ggml.token_type", [1, 1, 1, 1, 1, 3, 4, 1])
        writer.pair("tokenizer.ggml.merges", ["b c"])
        writer.pair("tokenizer.ggml.eos_token_id", UInt32(4))
        writer.replace(with: changed)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        try writer.file.write(to: url)
        return try Tokenizer(GGUFFile(path: url.path))
    }
}
