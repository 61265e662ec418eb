import Foundation
import LanguageModel
import XCTest

final class SlotProgressTests: XCTestCase {
    /// What the model writes, how it ends, and what stands.
    private struct Case {
        let written: String
        let stands: String
        var words = 20
        var sentences = 1
        var stops: [String] = []
        var preceding = ""
    }

    func testStopsWhereASentenceEnds() {
        check([
            Case(written: " See you soon. Bring a towel.", stands: "See you soon."),
            Case(written: "See you soon! Bring", stands: "See you soon!"),
            Case(written: "Ready? Go", stands: "Ready?"),
            Case(written: "Really?! Yes", stands: "Really?!"),
            Case(written: "One. Two. Three. Four", stands: "One. Two. Three.", sentences: 3),
            Case(written: "It costs 5.80 euros. Cheap", stands: "It costs 5.80 euros."),
            Case(written: "It costs 5. Cheap", stands: "It costs 5."),
            Case(written: "Look at example.com now. Then", stands: "Look at example.com now."),
            Case(written: "Sports, e.g. yoga, help. Try", stands: "Sports, e.g. yoga, help."),
            Case(written: "Ask Dr. Ana Ruiz today. She", stands: "Ask Dr. Ana Ruiz today."),
            Case(written: "Ask J. Smith today. She", stands: "Ask J. Smith today."),
            Case(written: "It is I. Who else", stands: "It is I."),
            Case(written: "Yoga, spin, etc. are in. Come", stands: "Yoga, spin, etc. are in."),
            Case(written: "We have yoga, spin, etc. Come by", stands: "We have yoga, spin, etc."),
            Case(written: "From 6 a.m. to 9 p.m. daily. Come", stands: "From 6 a.m. to 9 p.m. daily."),
            Case(written: "Class no. 5 is new. Come", stands: "Class no. 5 is new."),
            Case(written: "1. Warm up. Then", stands: "1. Warm up."),
            Case(written: "Well... it depends. Or", stands: "Well... it depends."),
            Case(written: "Well… It depends.", stands: "Well…"),
            Case(written: "She said \"go.\" Then he", stands: "She said \"go.\""),
            Case(written: "“Really?” she said. Then", stands: "“Really?” she said."),
            Case(written: "we miss you. come back.", stands: "we miss you."),
            Case(written: "¿Te interesa? Ven", stands: "¿Te interesa?"),
            Case(written: "¡Hola, Ana! ¿Vienes?", stands: "¡Hola, Ana!"),
            Case(written: "Clases, p. ej. yoga, por 5,80 €. Ven", stands: "Clases, p. ej. yoga, por 5,80 €."),
            Case(written: "El Sr. López te espera. Ven", stands: "El Sr. López te espera."),
            Case(written: "我们等你。来吧", stands: "我们等你。"),
        ])
    }

    func testStopsAtStopsAndLineBreaks() {
        check([
            Case(written: "One more thing\nBody", stands: "One more thing"),
            Case(written: "One more thing\r\nBody", stands: "One more thing"),
            Case(written: "\n\n  One more thing \n", stands: "One more thing"),
            Case(written: "A pass for Ana | free", stands: "A pass for Ana", stops: ["|"]),
            Case(written: "Come by. Best,", stands: "Come by.", sentences: 2, stops: ["Best,"]),
            Case(written: "Come by. Stay. Best,", stands: "Come by.", stops: ["Best,"]),
            Case(written: "Come by", stands: "Come by", stops: [""]),
            Case(written: "", stands: ""),
            Case(written: "  \n ", stands: ""),
        ])
    }

    func testCutsBackToTheLastFinishedSentence() {
        check([
            Case(written: "One two. Three four five six", stands: "One two.", words: 5, sentences: 3),
            Case(written: "One two. Three four five. Six", stands: "One two. Three four five.", words: 5, sentences: 3),
            Case(written: "One two three four five six", stands: "", words: 5),
            Case(written: "One two three four five", stands: "One two three four five", words: 5),
            Case(written: "One – two - three & four 5", stands: "One – two - three & four 5", words: 5),
            Case(written: "Come by. " + String(repeating: "a", count: 400), stands: "Come by.", words: 5, sentences: 2),
            Case(written: String(repeating: "a", count: 400), stands: "", words: 5),
        ])
    }

    func testJoinsTheTextBefore() {
        check([
            Case(written: " soon", stands: "soon", preceding: "See you "),
            Case(written: "soon", stands: "soon", preceding: "See you "),
            Case(written: " soon", stands: " soon", preceding: "See you"),
            Case(written: "  \n soon", stands: " soon", preceding: "See you"),
            Case(written: "soon", stands: "soon", preceding: "(See you)"),
            Case(written: " soon", stands: "soon", preceding: "Hi Ana,\n\n"),
        ])
        XCTAssertEqual(SlotProgress.prompt(before: "Subject:  "), "Subject:")
        XCTAssertEqual(SlotProgress.prompt(before: "Hi Ana,\n\n"), "Hi Ana,\n\n")
        XCTAssertEqual(SlotProgress.prompt(before: "  "), "")
    }

    func testEndsWhateverTheModelWrites() {
        var tokens = 0
        var progress = SlotProgress(slot: Self.slot(words: 3), precededBy: "")
        while progress.append([]) == .continue { tokens += 1 }
        XCTAssertEqual(tokens, 64 + 24 * 3)
        progress = SlotProgress(slot: Self.slot(words: .max, sentences: 0), precededBy: "")
        XCTAssertEqual(progress.append(Array("Hi. There".utf8)), .finish("Hi."))
        progress = SlotProgress(slot: Self.slot(words: .min, sentences: .min), precededBy: "")
        XCTAssertEqual(progress.append(Array("Hi".utf8)), .finish(""))
    }

    func testKeepsItsLimitsWhateverTheModelWrites() {
        let parts = [
            "We", " we", " 5", ".", ". ", "!", "?", "…", "...", "\"", "”", " etc", " e.g", " Dr", ",", " ", " END",
            "\n", "é", "。",
        ]
        var random = SplitMix64(seed: 31)
        for _ in 0..<5_000 {
            let pieces = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                parts[Int.random(in: 0..<parts.count, using: &random)]
            }
            let slot = Self.slot(words: 6, sentences: Int.random(in: 1...3, using: &random), stops: ["END"])
            let byPiece = Self.write(pieces.map { Array($0.utf8) }, slot)
            let written = pieces.joined()
            XCTAssertEqual(byPiece, Self.write([Array(written.utf8)], slot), "\(pieces)")
            XCTAssertTrue(written.trimmingCharacters(in: .whitespacesAndNewlines).hasPrefix(byPiece), "\(pieces)")
            XCTAssertLessThanOrEqual(
                byPiece.split(separator: " ").count { $0.contains { $0.isLetter || $0.isNumber } }, 6, "\(pieces)")
            XCTAssertFalse(byPiece.contains("\n") || byPiece.contains("END"), "\(pieces)")
        }
    }

    func testLeavesOutHalfACharacter() {
        var progress = SlotProgress(slot: Self.slot(words: 3), precededBy: "")
        XCTAssertEqual(progress.append(Array("Hi".utf8) + "👍".utf8.prefix(2)), .continue)
        XCTAssertEqual(progress.end(), "Hi")
    }

    /// Writes each case at once, character by character and byte by byte; the result must be the same.
    private func check(_ cases: [Case], line: UInt = #line) {
        for test in cases {
            let bytes = Array(test.written.utf8)
            let pieces: [[[UInt8]]] = [[bytes], test.written.map { Array(String($0).utf8) }, bytes.map { [$0] }]
            for pieces in pieces {
                let slot = Self.slot(words: test.words, sentences: test.sentences, stops: test.stops)
                XCTAssertEqual(
                    Self.write(pieces, slot, precededBy: test.preceding), test.stands,
                    "\(test.written), in \(pieces.count)", line: line)
            }
        }
    }

    private static func write(_ pieces: [[UInt8]], _ slot: WriteSlot, precededBy preceding: String = "") -> String {
        var progress = SlotProgress(slot: slot, precededBy: preceding)
        for piece in pieces {
            if case .finish(let text) = progress.append(piece) { return text }
        }
        return progress.end()
    }

    private static func slot(words: Int, sentences: Int = 1, stops: [String] = []) -> WriteSlot {
        WriteSlot(
            name: "s", maximumWords: words, maximumSentences: sentences, stops: stops, fallback: "",
            check: { _ in .stands })
    }
}
