import Foundation

/// Finding a phrase in a text, whatever its case and whatever surrounds it.
enum Phrase {
    /// Whether the phrase stands in the text as whole words. A phrase that begins or ends with no letter or digit
    /// (`!`) needs no boundary there. Apostrophes of both kinds are the same; runs of white space are one space.
    static func occurs(_ phrase: String, in text: String) -> Bool {
        let wanted = Array(normal(phrase))
        let characters = Array(normal(text))
        guard let first = wanted.first, let last = wanted.last, wanted.count <= characters.count else { return false }
        for start in 0...(characters.count - wanted.count)
        where characters[start] == first && characters[start..<start + wanted.count].elementsEqual(wanted) {
            let end = start + wanted.count
            let opens = !isWord(first) || start == 0 || !isWord(characters[start - 1])
            let closes = !isWord(last) || end == characters.count || !isWord(characters[end])
            if opens && closes { return true }
        }
        return false
    }

    private static func normal(_ text: String) -> String {
        text.lowercased().replacing("’", with: "'").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }
}
