import Foundation

extension Quantity {
    /// Every number in a text, in digits or words.
    static func all(in text: String, language: Language) -> [Quantity] {
        all(in: Token.tokens(of: text), language: language)
    }

    /// Every number among the tokens of a text.
    static func all(in tokens: [Token], language: Language) -> [Quantity] {
        let words = NumberWords.of(language)
        var found: [Quantity] = []
        var index = 0
        while index < tokens.count {
            let token = tokens[index]
            if token.kind == .number {
                found.append(digits(in: tokens, at: &index, language: language))
            } else if let (value, end) = words.number(in: tokens, at: index) {
                let start = index
                index = end
                let isArticle = end == start + 1 && words.one.contains(token.folded)
                let quantity = measured(value, in: tokens, from: start, at: &index)
                // "One" counts only where it measures: one minute, one pound.
                if !isArticle || quantity.unit != nil || quantity.kind != .plain { found.append(quantity) }
            } else {
                if let quantity = single(token, words) { found.append(quantity) }
                index += 1
            }
        }
        return found
    }

    /// A word that is a quantity by itself.
    private static func single(_ token: Token, _ words: NumberWords) -> Quantity? {
        if let value = words.ordinals[token.folded] {
            return Quantity(value: value, kind: .ordinal, unit: nil, context: [], text: token.text)
        }
        if let value = words.ratios[token.folded] {
            return Quantity(value: value, kind: .ratio, unit: nil, context: [], text: token.text)
        }
        // Fractions, superscripts and digits of other scripts: never ours, so they must stand in the inputs as such.
        let isOtherNumber = token.kind == .symbol && token.text.first?.isNumber == true
        guard words.vague.contains(token.folded) || isOtherNumber else { return nil }
        return Quantity(value: 0, kind: .vague(token.folded), unit: nil, context: [], text: token.text)
    }

    /// A number in digits; `index` moves behind it and its unit.
    private static func digits(in tokens: [Token], at index: inout Int, language: Language) -> Quantity {
        let start = index
        let raw = tokens[start].text
        index += 1
        let suffix = index < tokens.count && tokens[index].isAttached ? tokens[index].folded : nil
        let meridian = index < tokens.count ? tokens[index].folded : ""
        if raw.contains(":") || meridian == "am" || meridian == "pm" {
            let isMarked = meridian == "am" || meridian == "pm"
            if isMarked { index += 1 }
            let text = tokens[start..<index].map(\.text).joined()
            return Quantity(
                value: minutes(raw, isAfternoon: meridian == "pm"), kind: .time(isMarked: isMarked), unit: nil,
                context: [], text: text)
        }
        let value = number(raw, language: language)
        switch suffix {
        case "st", "nd", "rd", "th", "º", "ª":
            index += 1
            return Quantity(value: value, kind: .ordinal, unit: nil, context: [], text: raw)
        case "x":
            index += 1
            return Quantity(value: value, kind: .ratio, unit: nil, context: [], text: raw + "x")
        default:
            return measured(value, in: tokens, from: start, at: &index)
        }
    }

    /// Minutes since midnight of `6:30`, `18`, with `pm` added.
    private static func minutes(_ raw: String, isAfternoon: Bool) -> Double {
        let parts = raw.split(separator: ":").map { Double($0) ?? -1 }
        let hour = (parts.first ?? -1).truncatingRemainder(dividingBy: isAfternoon ? 12 : 24)
        return (hour + (isAfternoon ? 12 : 0)) * 60 + (parts.count > 1 ? parts[1] : 0)
    }

    /// The value of digits as the language groups them: `1,200.5` in English, `1.200,5` in Spanish.
    private static func number(_ raw: String, language: Language) -> Double {
        let (group, point): (Character, Character) = language == .spanish ? (".", ",") : (",", ".")
        let parts = raw.split(separator: group, omittingEmptySubsequences: false)
        let isGrouped =
            parts.count > 1 && (1...3).contains(parts[0].count)
            && parts.dropFirst().allSatisfy { $0.prefix { $0 != point }.count == 3 }
        // A lone wrong separator is a decimal point after all: 5.80 in Spanish, 5,80 in English.
        let plain = isGrouped ? parts.joined() : raw.replacing(String(group), with: String(point))
        return Double(plain.replacing(String(point), with: ".")) ?? .nan
    }

    /// A value with the sign before it and the sign and unit behind it; `index` moves behind them.
    private static func measured(_ value: Double, in tokens: [Token], from start: Int, at index: inout Int) -> Quantity
    {
        var kind = Kind.plain
        if start > 0, let sign = Units.currencies[tokens[start - 1].folded] { kind = .money(sign) }
        if index < tokens.count {
            let next = tokens[index].folded
            let afterNext = index + 1 < tokens.count ? tokens[index + 1].folded : ""
            if let sign = Units.currencies[next] {
                kind = .money(sign)
                index += 1
            } else if next == "%" || next == "percent" {
                kind = .percent
                index += 1
            } else if next == "per" && afterNext == "cent" || next == "por" && afterNext == "ciento" {
                kind = .percent
                index += 2
            }
        }
        let text = tokens[start..<index].map(\.text).joined(separator: " ")
        let tail = clause(tokens[index...])
        var unit: String?
        for (offset, token) in tail.prefix(2).enumerated() where unit == nil {
            guard let name = Units.names[token.token.folded] else { continue }
            unit = name
            if offset == 0 { index = token.index + 1 }
        }
        let context = Set(tail.prefix(3).map(\.token).filter { !Units.isFiller($0.folded) }.map(\.stem))
        return Quantity(value: value, kind: kind, unit: unit, context: context, text: text)
    }

    /// The words that follow until the next punctuation or number; hyphens and slashes do not count.
    private static func clause(_ tokens: ArraySlice<Token>) -> [(index: Int, token: Token)] {
        var words: [(index: Int, token: Token)] = []
        for index in tokens.indices.prefix(8) {
            let token = tokens[index]
            if token.text == "-" || token.text == "/" { continue }
            guard token.kind == .word else { break }
            words.append((index, token))
        }
        return words
    }
}
