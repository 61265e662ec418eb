import Foundation
import JSON
import LanguageModel
import XCTest

/// A vocabulary of 319 tokens, and what llama.cpp (`llama_tokenize`, without special tokens) makes of texts by it: of
/// scores that are equal, of bytes, added words, spaces at the beginning and behind a special token. Texts in which it
/// merges characters into a signal are left out; we do not.
final class SentencePieceTests: XCTestCase {
    func testAgreesWithLlamaCpp() throws {
        let lines = try ReferenceFile.cases("sentencepiece.jsonl")
        let spaced = try tokenizer(lines[0])
        let plain = try tokenizer(lines[0]) { $0.pair("tokenizer.ggml.add_space_prefix", false) }
        for reference in lines.dropFirst() {
            let text = try XCTUnwrap(reference["text"]?.string)
            XCTAssertEqual(spaced.encode(text, isBeginning: true), try XCTUnwrap(reference["ids"]).tokens, text)
            XCTAssertEqual(
                plain.encode(text, isBeginning: true), try XCTUnwrap(reference["ids_without_space"]).tokens, text)
        }
        XCTAssertEqual(lines.count, 59)
    }

    func testATextThatGoesOnHasNoSpaceInFront() throws {
        let lines = try ReferenceFile.cases("sentencepiece.jsonl")
        let tokenizer = try tokenizer(lines[0])
        XCTAssertEqual(tokenizer.decode(tokenizer.encode("hello world")), "hello world")
        XCTAssertEqual(tokenizer.decode(tokenizer.encode("hello world", isBeginning: true)), " hello world")
    }

    func testDecodesWhatItEncoded() throws {
        let tokenizer = try tokenizer(try ReferenceFile.cases("sentencepiece.jsonl")[0]) {
            $0.pair("tokenizer.ggml.add_space_prefix", false)
        }
        for text in ["👍🏽  the\u{0}\n\n\n中中é", "<s>", "<0x41>", "[tool]"] {
            XCTAssertEqual(tokenizer.decode(tokenizer.encode(text)), text)
        }
        XCTAssertEqual(tokenizer.decode(tokenizer.encode("a\u{2581}b")), "a b", "SentencePiece's sign for a space")
    }

    func testSignalsAreNeverSpelled() throws {
        let tokenizer = try tokenizer(try ReferenceFile.cases("sentencepiece.jsonl")[0])
        XCTAssertEqual(tokenizer.beginning, 1)
        XCTAssertEqual(tokenizer.end, 2)
        XCTAssertEqual(tokenizer.endOfTurn, [2])
        XCTAssertFalse(tokenizer.encode("<s></s>").contains(where: tokenizer.isSpecial))
        XCTAssertEqual(tokenizer.encode("<s>", parsingSpecial: true), [1])
        XCTAssertEqual(tokenizer.bytes(of: 1), [])
    }

    func testNamesWhatIsWrong() throws {
        let vocabulary = try ReferenceFile.cases("sentencepiece.jsonl")[0]
        for (words, change) in [
            ("tokenizer.ggml.scores", { $0.pair("tokenizer.ggml.scores", numbers: [Float(1)]) }),
            ("tokenizer.ggml.scores", { $0.pair("tokenizer.ggml.scores", [UInt32](repeating: 1, count: 319)) }),
            (
                "tokenizer.ggml.scores",
                { $0.pair("tokenizer.ggml.scores", numbers: [Float](repeating: .nan, count: 319)) }
            ),
            ("tokens[0]", { $0.pair("tokenizer.ggml.token_type", [UInt32](repeating: 6, count: 319)) }),
            ("bos_token_id is 319", { $0.pair("tokenizer.ggml.bos_token_id", UInt32(319)) }),
        ] as [(String, (inout GGUFWriter) -> Void)] {
            XCTAssertThrowsError(try tokenizer(vocabulary, change), words) { error in
                XCTAssertEqual((error as? LanguageModelError)?.code, .malformedFile)
                XCTAssertTrue("\(error)".contains(words), "\(error)")
            }
        }
    }

    /// The fixture's vocabulary in a file, after a change to it.
    private func tokenizer(_ vocabulary: JSONValue, _ change: (inout GGUFWriter) -> Void = { _ in }) throws -> Tokenizer
    {
        var changed = GGUFWriter()
        change(&changed)
        var writer = GGUFWriter()
        writer.pair("tokenizer.ggml.model", "llama")
        writer.pair("tokenizer.ggml.tokens", (vocabulary["tokens"]?.array ?? []).compactMap(\.string))
        writer.pair(
            "tokenizer.ggml.scores",
            numbers: (vocabulary["scores"]?.array ?? []).compactMap { $0.double.map(Float.init) })
        writer.pair("tokenizer.ggml.token_type", (vocabulary["types"]?.tokens ?? []).map { UInt32($0) })
        writer.replace(with: changed)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        try writer.file.write(to: url)
        return try Tokenizer(GGUFFile(path: url.path))
    }
}
