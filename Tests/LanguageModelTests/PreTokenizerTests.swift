import Foundation
import LanguageModel
import Synchronization
import XCTest

/// The scanners against the expressions that they stand for.
final class PreTokenizerTests: XCTestCase {
    // ICU's \s is not Unicode's White_Space, which the models' own tokenizers mean by it.
    private static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+"#

    private static func llama3(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}*[\r\n]+|"#
            + #"\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+"#
    }

    func testSplitsAsTheExpressions() throws {
        try compare("gpt-2") { try Self.matches(Self.gpt2, in: $0) }
        try compare("llama-bpe") { try Self.matches(Self.llama3(numbers: #"\p{N}{1,3}"#), in: $0) }
        try compare("qwen2") { try Self.matches(Self.llama3(numbers: #"\p{N}"#), in: $0) }
        try compare("smollm") { text in
            try Self.matches(#"\p{N}|\P{N}+"#, in: text).flatMap { try Self.matches(Self.gpt2, in: $0) }
        }
    }

    func testRefusesWhatItDoesNotKnow() {
        XCTAssertThrowsError(try PreTokenizer(named: "tekken")) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, .unsupportedModel)
            XCTAssertTrue("\(error)".contains("tekken"))
        }
    }

    private func compare(_ name: String, line: UInt = #line, _ expected: (String) throws -> [String]) throws {
        let preTokenizer = try PreTokenizer(named: name)
        // Few different characters, so that every pair of classes comes up; U+0085, U+00A0 and U+3000 are white space,
        // ² and Ⅷ numbers, U+0301 a mark, U+200D a format character.
        let alphabet = Array(
            "  \t\n\r\u{B}\u{85}\u{A0}\u{3000}''sStTrReEvVmlLdDaé中ñЗ059²Ⅷ٣.,!-€👍🏽\u{301}\u{200D}".unicodeScalars)
        var random = SplitMix64(seed: 17)
        for _ in 0..<20_000 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                scalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            let text = String(scalars)
            let words = preTokenizer.words(of: text)
            XCTAssertEqual(words, try expected(text), "\(name): \(scalars.map(\.value))", line: line)
            XCTAssertEqual(words.joined(), text, line: line)
        }
    }

    private static func matches(_ pattern: String, in text: String) throws -> [String] {
        let expression = try expressions.withLock { known in
            if let expression = known[pattern] { return expression }
            let expression = try NSRegularExpression(pattern: pattern)
            known[pattern] = expression
            return expression
        }
        let whole = text as NSString
        return expression.matches(in: text, range: NSRange(location: 0, length: whole.length)).map {
            whole.substring(with: $0.range)
        }
    }

    private static let expressions = Mutex<[String: NSRegularExpression]>([:])
}
