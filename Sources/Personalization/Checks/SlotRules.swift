import Foundation
import LanguageModel

/// What a written slot may hold, and the verdict on a text.
///
/// The rule behind all of them: a text says nothing that its inputs do not say. Inputs are the slot's facts, the
/// reader's fields that the model saw, and the literal text around. Where a rule cannot know, it refuses; a refused
/// text costs another try or the tenant's own wording, an invented price costs the tenant's name.
struct SlotRules: Sendable {
    let language: Language
    let form: Writing.Form
    let maximumWords: Int
    let maximumSentences: Int
    let forbidden: [String]
    /// The fact that must be stated.
    let mustState: String?
    private let factText: String
    private let quantities: [Quantity]
    private let words: Set<String>
    private let spellings: Set<String>
    private let promisedWords: Set<String>
    private let currencies: Set<String>
    private let scaffoldRuns: Set<String>
    private let instructionRuns: Set<String>

    /// Prepares the rules; what the inputs hold is worked out here, once.
    init(
        language: Language, form: Writing.Form, maximumWords: Int, maximumSentences: Int, forbidden: [String],
        mustState: String?, facts: [String], reader: [String], scaffold: String, instructions: String
    ) {
        self.language = language
        self.form = form
        self.maximumWords = maximumWords
        self.maximumSentences = maximumSentences
        self.forbidden = forbidden
        self.mustState = mustState
        factText = facts.joined(separator: "\n")
        let tokens = Token.tokens(of: ([factText, scaffold] + reader).joined(separator: "\n"))
        // A price or a promise in a lead's own field is nobody's promise: only the tenant's words count for those.
        let own = Token.tokens(of: factText + "\n" + scaffold)
        let read = reader.flatMap { Quantity.all(in: $0, language: language) }.filter { $0.kind == .plain }
        quantities = Quantity.all(in: own, language: language) + read
        words = Set(tokens.map(\.folded))
        spellings = Set(tokens.map { $0.text.lowercased().replacing("'s", with: "") })
        promisedWords = Set(own.map(\.folded))
        currencies = Set(own.compactMap { Units.currencies[$0.folded] })
        scaffoldRuns = Self.runs(of: scaffold)
        instructionRuns = Self.runs(of: instructions).subtracting(Self.runs(of: factText))
    }

    /// Whether a text may stand; otherwise the first reason against it. The reason holds no more of the text than the
    /// word it is about.
    ///
    /// - Parameter opening: the slot's opening, with the space behind it; judged as part of the text.
    func verdict(on written: String, after opening: String = "") -> SlotVerdict {
        // The space behind the opening is there already: ": 5:10" or ", then" would stand apart from its word.
        if !opening.isEmpty, let first = written.first, !Self.goesOn(first) {
            return .fails("goes on with \"\(first)\"")
        }
        let text = opening + written
        let tokens = Token.tokens(of: text)
        let unformed = shape(text) ?? links(text) ?? length(text, tokens) ?? phrases(text)
        let invented = unformed ?? numbers(tokens) ?? names(tokens) ?? promises(tokens) ?? spelling(tokens)
        let problem = invented ?? fidelity(tokens) ?? tongue(tokens) ?? repetition(text)
        return problem.map { .fails($0) } ?? .stands
    }

    private static func goesOn(_ first: Character) -> Bool {
        first.isLetter || first.isNumber || "$€£(¿¡\"'“‘«".contains(first)
    }

    // MARK: Form

    private func shape(_ text: String) -> String? {
        guard let first = text.first(where: { !$0.isWhitespace }) else { return "empty text" }
        if text.contains(where: \.isNewline) { return "line break" }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "control character"
        }
        if "=+-@*#>".contains(first) { return "opens with \"\(first)\"" }
        if let mark = text.first(where: { "<>{}[]|*`_\\^~#=".contains($0) }) { return "markup \"\(mark)\"" }
        let folded = Token.fold(text)
        for heading in ["subject:", "asunto:", "body:", "email:", "note:", "nota:", "p.s."]
        where folded.hasPrefix(heading) {
            return "repeats a heading"
        }
        for phrase in ["language model", "modelo de lenguaje", "as an ai", "como ia", "i cannot", "the reader's"]
        where folded.contains(phrase) {
            return "speaks of itself"
        }
        return nil
    }

    private func length(_ text: String, _ tokens: [Token]) -> String? {
        let count = text.split(whereSeparator: \.isWhitespace).count
        if count > maximumWords { return "\(count) words, at most \(maximumWords)" }
        let sentences = tokens.count(where: \.opensSentence)
        if sentences > maximumSentences { return "\(sentences) sentences, at most \(maximumSentences)" }
        guard form == .sentence else { return nil }
        let end = text.last { !$0.isWhitespace && !"\"'”’)»".contains($0) }
        return end.map(".?!…".contains) == true ? nil : "unfinished sentence"
    }

    private func phrases(_ text: String) -> String? {
        forbidden.first { Phrase.occurs($0, in: text) }.map { "forbidden phrase \"\($0)\"" }
    }

    // MARK: Nothing invented

    private func links(_ text: String) -> String? {
        // A dot or an at sign between letters: a host or an address. Tokens would lose the path, so words are cut at
        // white space.
        for word in text.split(whereSeparator: \.isWhitespace) {
            let bare = word.trimmingCharacters(in: .punctuationCharacters)
            guard bare.contains("://") || bare.contains("@") || Self.looksLikeHost(bare) else { continue }
            guard factText.contains(bare) else { return "link in written text" }
        }
        return nil
    }

    private static func looksLikeHost(_ word: String) -> Bool {
        let host = word.prefix { $0 != "/" }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, let last = labels.last else { return false }
        return last.count > 1 && last.allSatisfy(\.isLetter) && labels.allSatisfy { !$0.isEmpty }
    }

    private func numbers(_ tokens: [Token]) -> String? {
        let written = Quantity.all(in: tokens, language: language)
        return written.first { number in !quantities.contains { number.repeats($0) } }
            .map { "number \"\($0.text)\" is in no input" }
    }

    private func names(_ tokens: [Token]) -> String? {
        let vocabulary = Vocabulary.of(language)
        let spoken = NumberWords.of(language)
        for token in tokens where token.kind == .word && !words.contains(token.folded) {
            guard !vocabulary.capitalised.contains(token.folded) else { continue }
            let inner = token.text.dropFirst().contains { $0.isUppercase || $0.isNumber }
            let opens = token.text.first?.isUppercase == true
            guard inner || opens else { continue }
            let isOrdinary =
                vocabulary.openers.contains(token.folded) || language.commonWords.contains(token.folded)
                || spoken.small[token.folded] != nil
                || vocabulary.openingEndings.contains { token.folded.hasSuffix($0) }
            if inner || !token.opensSentence || !isOrdinary { return "name \"\(token.text)\" is in no input" }
        }
        return nil
    }

    private func promises(_ tokens: [Token]) -> String? {
        let vocabulary = Vocabulary.of(language)
        for token in tokens where !promisedWords.contains(token.folded) {
            if vocabulary.promises.contains(token.folded) { return "promise \"\(token.text)\" is in no input" }
            if vocabulary.dates.contains(token.folded) { return "date \"\(token.text)\" is in no input" }
            if let sign = Units.currencies[token.folded], !currencies.contains(sign) {
                return "currency \"\(token.text)\" is in no input"
            }
        }
        return nil
    }

    /// A word of the inputs with other accents is a slip: "cuénta". Short words differ by their accents alone.
    private func spelling(_ tokens: [Token]) -> String? {
        tokens.first { token in
            token.kind == .word && token.folded.count > 4 && words.contains(token.folded)
                && !spellings.contains(token.text.lowercased().replacing("'s", with: ""))
        }.map { "\"\($0.text)\" is spelt otherwise in the inputs" }
    }

    // MARK: Nothing left out

    private func fidelity(_ tokens: [Token]) -> String? {
        guard let mustState else { return nil }
        return FactFidelity(fact: mustState, language: language, form: form).problem(in: tokens)
    }

    // MARK: Nothing repeated

    private func tongue(_ tokens: [Token]) -> String? {
        let written = tokens.filter { $0.kind == .word }
        if let foreign = written.first(where: { !Self.isLatin($0.folded) && !words.contains($0.folded) }) {
            return "letters of another script, such as \"\(foreign.text.prefix(1))\""
        }
        let other: Language = language == .english ? .spanish : .english
        let own = written.count { language.commonWords.contains($0.text.lowercased()) }
        let strange = written.count { other.commonWords.contains($0.text.lowercased()) }
        return strange > own && strange > 1 ? "reads like \(other.name)" : nil
    }

    private static func isLatin(_ word: String) -> Bool {
        word.unicodeScalars.allSatisfy { $0.isASCII || (0xC0...0x24F).contains($0.value) }
    }

    private func repetition(_ text: String) -> String? {
        let runs = Self.runs(of: text)
        if !runs.isDisjoint(with: instructionRuns) { return "repeats the instructions" }
        return runs.isDisjoint(with: scaffoldRuns) ? nil : "repeats the text around it"
    }

    /// Every run of six words.
    private static func runs(of text: String) -> Set<String> {
        let words = Token.tokens(of: text).filter { $0.kind != .symbol }.map(\.folded)
        guard words.count >= 6 else { return [] }
        return Set((0...words.count - 6).map { words[$0..<$0 + 6].joined(separator: " ") })
    }
}
