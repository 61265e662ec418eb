/// Whether a text states a fact without changing it: its numbers with their units, its denials, its bounds and
/// conditions, and most of its words.
///
/// No word list proves meaning. These are the changes that small models make: a dropped "not", an added "every",
/// seconds that become minutes, a fact half left out.
struct FactFidelity: Sendable {
    let fact: String
    let language: Language
    let form: Writing.Form

    /// The share of a fact's content words that a sentence must hold. A heading may shorten more.
    private var neededShare: Double { form == .sentence ? 0.85 : 0.3 }

    /// What the text changes, or `nil`.
    func problem(in text: [Token]) -> String? {
        let source = Token.tokens(of: fact)
        return numbers(source, text) ?? denial(source, text) ?? bounds(source, text) ?? coverage(source, text)
    }

    private func numbers(_ source: [Token], _ text: [Token]) -> String? {
        guard form == .sentence else { return nil }
        let written = Quantity.all(in: text, language: language)
        return Quantity.all(in: source, language: language)
            .first { needed in !written.contains { $0.keeps(needed) } }
            .map { "the fact's \"\($0.text)\" is missing" }
    }

    private func denial(_ source: [Token], _ text: [Token]) -> String? {
        let negations = Vocabulary.of(language).negations
        let denies = source.contains { negations.contains($0.folded) }
        let denial = text.first { negations.contains($0.folded) }
        if denies, denial == nil { return "the fact's negation is missing" }
        guard !denies, let denial else { return nil }
        return "negation \"\(denial.text)\" is not in the fact"
    }

    private func bounds(_ source: [Token], _ text: [Token]) -> String? {
        let vocabulary = Vocabulary.of(language)
        let given = Set(source.map(\.folded))
        let written = Set(text.map(\.folded))
        let measuring = Set(text.indices.filter { measures(text, from: $0) }.map { text[$0].folded })
        for (group, added) in vocabulary.bounds.map({ ($0, written) }) + vocabulary.measures.map({ ($0, measuring) }) {
            let isGiven = !group.isDisjoint(with: given)
            if form == .sentence, isGiven, group.isDisjoint(with: written) {
                return "the fact's \"\(group.intersection(given).min() ?? "")\" is missing"
            }
            if !isGiven, let word = group.intersection(added).min() { return "\"\(word)\" is not in the fact" }
        }
        guard form == .sentence else { return nil }
        for group in vocabulary.conditions where !group.isDisjoint(with: given) && group.isDisjoint(with: written) {
            return "the fact's \"\(group.intersection(given).min() ?? "")\" is missing"
        }
        return nil
    }

    /// Whether a number follows within three words.
    private func measures(_ text: [Token], from index: Int) -> Bool {
        let words = NumberWords.of(language)
        return text[(index + 1)...].prefix(3).contains { token in
            token.kind == .number || words.small[token.folded] != nil || words.large[token.folded] != nil
        }
    }

    private func coverage(_ source: [Token], _ text: [Token]) -> String? {
        let numberWords = NumberWords.of(language)
        let needed = Set(
            source.filter { token in
                token.kind == .word && token.folded.count > 2 && !Units.isFiller(token.folded)
                    && numberWords.small[token.folded] == nil && numberWords.large[token.folded] == nil
            }.map(\.stem))
        guard !needed.isEmpty else { return nil }
        let held = needed.intersection(text.map(\.stem))
        guard Double(held.count) < neededShare * Double(needed.count) else { return nil }
        return "holds \(held.count) of the fact's \(needed.count) words"
    }
}
