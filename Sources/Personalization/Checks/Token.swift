import Foundation

/// A word, a number or a single other character of a text.
struct Token: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case word, number, symbol
    }

    let kind: Kind
    /// As it stands in the text.
    let text: String
    /// In lower case, without accents and without a possessive `'s`: the form to compare.
    let folded: String
    /// Whether it is the first word of a sentence.
    let opensSentence: Bool
    /// Whether no space stands before it.
    let isAttached: Bool

    /// Cuts a text into tokens; white space is none.
    static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var opensSentence = true
        var isAttached = false
        var rest = text.replacing("’", with: "'")[...]
        while let first = rest.first {
            if first.isWhitespace {
                if first.isNewline { opensSentence = true }
                isAttached = false
                rest.removeFirst()
                continue
            }
            let kind: Kind = first.isASCII && first.isNumber ? .number : first.isLetter ? .word : .symbol
            let length =
                switch kind {
                case .number: numberLength(rest)
                case .word: wordLength(rest)
                case .symbol: 1
                }
            let piece = String(rest.prefix(length))
            tokens.append(
                Token(
                    kind: kind, text: piece, folded: fold(piece), opensSentence: kind != .symbol && opensSentence,
                    isAttached: isAttached))
            if kind != .symbol { opensSentence = false }
            if ".!?…".contains(piece) { opensSentence = true }
            isAttached = true
            rest = rest.dropFirst(length)
        }
        return tokens
    }

    /// The form to compare.
    static func fold(_ text: String) -> String {
        var folded = text.replacing("’", with: "'").lowercased()
            .folding(options: .diacriticInsensitive, locale: nil)
        if folded.hasSuffix("'s") { folded.removeLast(2) }
        return folded
    }

    /// A stem that the forms of a word share: its first five letters, without a plural's s. Crude on purpose: it only
    /// decides how much of a fact a text covers, never whether a name or number is allowed.
    var stem: String {
        let singular = folded.count > 3 && folded.hasSuffix("s") ? String(folded.dropLast()) : folded
        return String(singular.prefix(5))
    }

    /// Digits, and `.`, `,` or `:` between digits.
    private static func numberLength(_ text: Substring) -> Int {
        let characters = Array(text.prefix(64))
        var length = 0
        while length < characters.count {
            let character = characters[length]
            let isDigit = character.isASCII && character.isNumber
            let joins =
                ".,:".contains(character) && length + 1 < characters.count && characters[length + 1].isASCII
                && characters[length + 1].isNumber
            guard isDigit || joins else { break }
            length += 1
        }
        return length
    }

    /// Letters and digits, and an apostrophe between letters.
    private static func wordLength(_ text: Substring) -> Int {
        let characters = Array(text.prefix(128))
        var length = 0
        while length < characters.count {
            let character = characters[length]
            let joins = character == "'" && length + 1 < characters.count && characters[length + 1].isLetter
            guard character.isLetter || character.isNumber || joins else { break }
            length += 1
        }
        return length
    }
}
