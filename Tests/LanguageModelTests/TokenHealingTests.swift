import LanguageModel
import XCTest

final class TokenHealingTests: XCTestCase {
    private static let index = Result { TokenIndex(try ReferenceFile.tokenizer()) }

    func testTheSpacesAtATextsEndAreTakenBack() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        for (text, kept, prefix) in [
            ("See you ", "See you", " "), ("Subject:  ", "Subject:", "  "), ("Hi Ana,\n\n", "Hi Ana,\n\n", ""),
            ("See you", "See you", ""), ("  ", "", "  "), ("", "", ""),
        ] {
            let healing = TokenHealing(behind: text, try Self.index.get())
            XCTAssertEqual(healing.kept, tokenizer.encode(kept), text)
            XCTAssertEqual(healing.prefix, Array(prefix.utf8), text)
            XCTAssertEqual(healing.isHealed, prefix.isEmpty, text)
        }
    }

    func testNoWordGoesOnBehindASpace() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        var healing = TokenHealing(behind: "El pan ", try Self.index.get())
        XCTAssertFalse(healing.allows(try XCTUnwrap(tokenizer.encode("ad").first)))
        XCTAssertFalse(healing.allows(tokenizer.end))
        let word = try XCTUnwrap(tokenizer.encode(" fresh").first)
        XCTAssertTrue(healing.allows(word))
        XCTAssertEqual(healing.take(word), Array("fresh".utf8))
        XCTAssertTrue(healing.isHealed)
        XCTAssertTrue(healing.allows(tokenizer.end))
        XCTAssertFalse(healing.allows(49_152))
        XCTAssertEqual(healing.allowedTokens.count, tokenizer.count)
    }

    func testWhatWasTakenBackMayComeInSeveralTokens() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        var healing = TokenHealing(behind: "Subject:  ", try Self.index.get())
        XCTAssertEqual(healing.take(try XCTUnwrap(tokenizer.encode(" ").first)), [])
        XCTAssertEqual(healing.prefix, Array(" ".utf8))
        XCTAssertFalse(healing.allows(try XCTUnwrap(tokenizer.encode("See").first)))
        XCTAssertEqual(healing.take(try XCTUnwrap(tokenizer.encode(" See").first)), Array("See".utf8))
        XCTAssertTrue(healing.isHealed)
    }

    func testTheLastTokenOfAWordCanBeTakenBack() throws {
        let tokenizer = try ReferenceFile.tokenizer()
        let tokens = tokenizer.encode("Write to http:")
        var healing = TokenHealing(takingBackLastOf: tokens, try Self.index.get())
        XCTAssertEqual(healing.kept, tokens.dropLast())
        XCTAssertEqual(healing.prefix, Array(":".utf8))
        let link = try XCTUnwrap(tokenizer.encode("://").first)
        XCTAssertEqual(tokenizer.bytes(of: link), Array("://".utf8))
        XCTAssertTrue(healing.allows(link))
        XCTAssertEqual(healing.take(link), Array("//".utf8))
        XCTAssertTrue(TokenHealing(takingBackLastOf: [], try Self.index.get()).isHealed)
    }

    func testTheSetIsWhatTheTokensSayOneByOne() throws {
        for text in ["a ", "a  ", "a   "] {
            let healing = TokenHealing(behind: text, try Self.index.get())
            let allowed = healing.allowedTokens
            for token in -1...Int32(49_152) where healing.allows(token) != allowed.contains(token) {
                XCTFail("\(token) behind \(text.debugDescription)")
            }
            XCTAssertGreaterThan(allowed.count, text.utf8.count)
        }
    }
}
