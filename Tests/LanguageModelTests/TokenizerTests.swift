import Foundation
import JSON
import LanguageModel
import XCTest

final class TokenizerTests: XCTestCase {
    func testAgreesWithTheReference() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        let cases = try ReferenceFile.cases("tokenize.jsonl")
        XCTAssertEqual(cases.count, 150)
        for reference in cases {
            let text = try XCTUnwrap(reference["text"]?.string)
            XCTAssertEqual(tokenizer.encode(text), try XCTUnwrap(reference["ids"]).tokens, text)
        }
        for reference in try ReferenceFile.cases("logprobs.jsonl") {
            let text = try XCTUnwrap(reference["text"]?.string)
            XCTAssertEqual(tokenizer.encode(text, parsingSpecial: true), try XCTUnwrap(reference["ids"]).tokens, text)
        }
    }

    func testDecodesWhatItEncoded() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        for text in ["Hi Tom,\r\n\n ¿5.80 €? ", "👍🏽 it's   중", "", " ", "a\u{0301}"] {
            XCTAssertEqual(tokenizer.decode(tokenizer.encode(text)), text)
        }
    }

    func testKnowsTheSpecialTokens() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        XCTAssertEqual(tokenizer.count, 49_152)
        XCTAssertNil(tokenizer.beginning)
        XCTAssertEqual(tokenizer.end, 2)
        XCTAssertEqual(tokenizer.endOfTurn, [0, 2])
        XCTAssertTrue(tokenizer.isSpecial(1))
        XCTAssertFalse(tokenizer.isSpecial(17))
        XCTAssertEqual(tokenizer.encode("a<|im_end|>\n", parsingSpecial: true), [81, 2, 198])
        XCTAssertEqual(tokenizer.encode("<|im_end", parsingSpecial: true), tokenizer.encode("<|im_end"))
        XCTAssertEqual(tokenizer.decode([1, 81, 2]), "a")
        XCTAssertEqual(tokenizer.bytes(of: -1), [])
        XCTAssertEqual(tokenizer.bytes(of: 49_152), [])
    }

    func testEncodesAMegabyteInWellUnderASecond() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        let prose = try ReferenceFile.cases("tokenize.jsonl").compactMap { $0["text"]?.string }.joined(separator: "\n")
        // Texts of one word without a space are the worst case of a merge algorithm.
        for (name, unit) in [("prose", prose), ("one letter", "a"), ("Chinese", "中文句子测试")] {
            let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
            let clock = ContinuousClock()
            var count = 0
            let time = clock.measure { count = tokenizer.encode(text).count }
            print("tokenizer: 1 MB of \(name) in \(time), \(count) tokens")
            // Ten times what was measured on two shared cores; a quadratic algorithm takes minutes.
            XCTAssertLessThan(time, .seconds(5), name)
        }
    }
}
