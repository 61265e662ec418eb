import Foundation

/// The words of a query.
enum SOQLToken: Hashable, Sendable {
    /// A keyword, a field path, a number, a date.
    case word(String)
    /// A quoted text, its escapes resolved.
    case text(String)
    /// `( ) , = != < <= > >=`; `<>` becomes `!=`.
    case symbol(String)

    /// Whether it is this keyword, in any case.
    func isKeyword(_ keyword: String) -> Bool {
        if case .word(let word) = self { return word.uppercased() == keyword }
        return false
    }

    /// Cuts a query into words.
    static func read(_ query: String) throws(SalesforceProblem) -> [SOQLToken] {
        var tokens: [SOQLToken] = []
        var rest = Substring(query)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "'" {
                rest.removeFirst()
                tokens.append(.text(try quoted(&rest)))
            } else if "(),=".contains(first) {
                tokens.append(.symbol(String(rest.removeFirst())))
            } else if "<>!".contains(first) {
                var symbol = String(rest.removeFirst())
                if let next = rest.first, next == "=" || (symbol == "<" && next == ">") {
                    symbol.append(rest.removeFirst())
                }
                guard symbol != "!" else { throw unexpected("!") }
                tokens.append(.symbol(symbol == "<>" ? "!=" : symbol))
            } else {
                let word = rest.prefix { $0.isLetter || $0.isNumber || "_.:+-".contains($0) }
                guard !word.isEmpty else { throw unexpected(String(first)) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }

    private static func quoted(_ rest: inout Substring) throws(SalesforceProblem) -> String {
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "'": return text
            case "\\":
                guard let escaped = rest.popFirst() else { break }
                switch escaped {
                case "n": text.append("\n")
                case "r": text.append("\r")
                case "t": text.append("\t")
                // LIKE reads these two itself.
                case "%", "_": text += "\\\(escaped)"
                default: text.append(escaped)
                }
            default: text.append(character)
            }
        }
        throw SalesforceProblem("MALFORMED_QUERY", "unterminated string literal")
    }

    private static func unexpected(_ text: String) -> SalesforceProblem {
        SalesforceProblem("MALFORMED_QUERY", "unexpected token: '\(text)'")
    }
}
