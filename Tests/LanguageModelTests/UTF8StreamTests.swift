import LanguageModel
import XCTest

final class UTF8StreamTests: XCTestCase {
    func testShowsWholeCharactersOnly() {
        var stream = UTF8Stream()
        XCTAssertEqual("👍".utf8.map { stream.append([$0]) }, ["", "", "", "👍"])
        XCTAssertEqual(stream.append("é".utf8.prefix(1)), "")
        XCTAssertEqual(stream.finish(), "\u{FFFD}")
        XCTAssertEqual(stream.finish(), "")
    }

    func testPiecesMakeTheSameTextAsTheWhole() {
        var random = SplitMix64(seed: 23)
        // Lead bytes of every length, continuation bytes, bytes that never occur, and the edges of what is allowed.
        let alphabet: [UInt8] = [
            0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            var stream = UTF8Stream()
            var text = ""
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...3, using: &random))
                text += stream.append(piece)
                rest = rest.dropFirst(piece.count)
            }
            text += stream.finish()
            XCTAssertEqual(text, String(decoding: bytes, as: UTF8.self), "\(bytes)")
        }
    }
}
