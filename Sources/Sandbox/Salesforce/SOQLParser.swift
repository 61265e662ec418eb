import Foundation
import JSON

/// Reads a query by recursive descent.
struct SOQLParser {
    private var tokens: ArraySlice<SOQLToken>

    /// Reads a whole query.
    ///
    /// - Throws: `MALFORMED_QUERY` with the word that does not fit.
    static func parse(_ text: String) throws(SalesforceProblem) -> SOQLQuery {
        var parser = SOQLParser(tokens: try SOQLToken.read(text)[...])
        return try parser.query()
    }

    private mutating func query() throws(SalesforceProblem) -> SOQLQuery {
        var query = SOQLQuery()
        try expect("SELECT")
        if tokens.first?.isKeyword("COUNT") == true, tokens.dropFirst().first == .symbol("(") {
            tokens.removeFirst()
            try expectSymbol("(")
            try expectSymbol(")")
        } else {
            repeat { query.fields.append(try path()) } while takeSymbol(",")
        }
        try expect("FROM")
        query.object = try word()
        if take("WHERE") { query.condition = try disjunction() }
        if take("ORDER") {
            try expect("BY")
            repeat { query.order.append(try order()) } while takeSymbol(",")
        }
        if take("LIMIT") { query.limit = try number() }
        if take("OFFSET") { query.offset = try number() }
        if let rest = tokens.first { throw unexpected(rest) }
        return query
    }

    private mutating func order() throws(SalesforceProblem) -> SOQLOrder {
        var order = SOQLOrder(field: try path())
        if take("DESC") { order.isDescending = true } else { _ = take("ASC") }
        if take("NULLS") {
            if take("LAST") { order.hasNullsLast = true } else { try expect("FIRST") }
        }
        return order
    }

    private mutating func disjunction() throws(SalesforceProblem) -> SOQLCondition {
        var left = try conjunction()
        while take("OR") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(SalesforceProblem) -> SOQLCondition {
        var left = try term()
        while take("AND") { left = .and(left, try term()) }
        return left
    }

    private mutating func term() throws(SalesforceProblem) -> SOQLCondition {
        if take("NOT") { return .not(try term()) }
        if takeSymbol("(") {
            let inner = try disjunction()
            try expectSymbol(")")
            return inner
        }
        let field = try path()
        if take("IN") { return .among(field: field, values: try list(), negated: false) }
        if take("NOT") {
            try expect("IN")
            return .among(field: field, values: try list(), negated: true)
        }
        if take("LIKE") { return .compare(field: field, comparison: .like, value: try literal()) }
        guard case .symbol(let symbol)? = tokens.first, let comparison = SOQLComparison(rawValue: symbol) else {
            throw unexpected(tokens.first)
        }
        tokens.removeFirst()
        return .compare(field: field, comparison: comparison, value: try literal())
    }

    private mutating func list() throws(SalesforceProblem) -> [JSONValue] {
        try expectSymbol("(")
        var values: [JSONValue] = []
        repeat { values.append(try literal()) } while takeSymbol(",")
        try expectSymbol(")")
        return values
    }

    /// A value. Dates stay text: they compare by the time they stand for.
    private mutating func literal() throws(SalesforceProblem) -> JSONValue {
        guard let token = tokens.popFirst() else { throw unexpected(nil) }
        switch token {
        case .text(let text): return .string(text)
        case .symbol: throw unexpected(token)
        case .word(let word):
            switch word.lowercased() {
            case "true": return true
            case "false": return false
            case "null": return nil
            default:
                if let integer = Int64(word) { return .integer(integer) }
                if let number = Double(word) { return .number(number) }
                guard Timestamp.parse(word) != nil else { throw unexpected(token) }
                return .string(word)
            }
        }
    }

    private mutating func path() throws(SalesforceProblem) -> [String] {
        try word().split(separator: ".").map(String.init)
    }

    private mutating func word() throws(SalesforceProblem) -> String {
        guard case .word(let word)? = tokens.first else { throw unexpected(tokens.first) }
        tokens.removeFirst()
        return word
    }

    private mutating func number() throws(SalesforceProblem) -> Int {
        let token = tokens.first
        guard let number = Int(try word()), number >= 0 else { throw unexpected(token) }
        return number
    }

    private mutating func take(_ keyword: String) -> Bool {
        guard tokens.first?.isKeyword(keyword) == true else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func takeSymbol(_ symbol: String) -> Bool {
        guard tokens.first == .symbol(symbol) else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func expect(_ keyword: String) throws(SalesforceProblem) {
        guard take(keyword) else { throw unexpected(tokens.first) }
    }

    private mutating func expectSymbol(_ symbol: String) throws(SalesforceProblem) {
        guard takeSymbol(symbol) else { throw unexpected(tokens.first) }
    }

    private func unexpected(_ token: SOQLToken?) -> SalesforceProblem {
        let text =
            switch token {
            case .word(let word)?, .symbol(let word)?: word
            case .text(let text)?: "'\(text)'"
            case nil: "<EOF>"
            }
        return SalesforceProblem("MALFORMED_QUERY", "unexpected token: '\(text)'")
    }
}
