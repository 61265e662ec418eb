/// Finds where sentences end, in English and Spanish and languages that punctuate like them.
///
/// A full stop ends no sentence inside `5.80` or `example.com`, after `e.g.` or an initial, or behind the number of a
/// list's item. An ellipsis, and a mark inside quotation marks, end one unless a small letter follows.
enum SentenceBoundaries {
    /// The end of each finished sentence, behind its mark and closing quotation marks.
    ///
    /// A mark at the end of the text is undecided and left out: the next character may show that it was a decimal
    /// point.
    static func ends(in text: ArraySlice<Unicode.Scalar>) -> [Int] {
        var ends: [Int] = []
        var sentenceStart = text.startIndex
        var position = text.startIndex
        while position < text.endIndex {
            guard marks.contains(text[position]) || wideMarks.contains(text[position]) else {
                position += 1
                continue
            }
            let first = position
            while position < text.endIndex, marks.contains(text[position]) || wideMarks.contains(text[position]) {
                position += 1
            }
            let marksEnd = position
            while position < text.endIndex, closers.contains(text[position]) { position += 1 }
            let candidate = Candidate(
                sentence: text[sentenceStart..<first], marks: text[first..<marksEnd], isQuoted: position > marksEnd,
                rest: text[position...])
            if candidate.isEnd {
                ends.append(position)
                sentenceStart = position
            }
        }
        return ends
    }

    private static let marks: Set<Unicode.Scalar> = [".", "!", "?", "…"]
    /// The marks of Chinese and Japanese, which need no space behind them.
    private static let wideMarks: Set<Unicode.Scalar> = ["。", "！", "？"]
    private static let closers: Set<Unicode.Scalar> = ["\"", "'", "”", "’", "»", ")", "]"]

    /// A mark that may end a sentence, and what stands around it.
    private struct Candidate {
        let sentence: ArraySlice<Unicode.Scalar>
        let marks: ArraySlice<Unicode.Scalar>
        let isQuoted: Bool
        let rest: ArraySlice<Unicode.Scalar>

        var isEnd: Bool {
            guard let following = rest.first else { return false }
            if marks.contains(where: wideMarks.contains) { return true }
            guard following.properties.isWhitespace else { return false }
            let next = rest.first { !$0.properties.isWhitespace }
            if isQuoted || marks.count > 1 || marks.first == "…" {
                return next.map { !$0.properties.isLowercase } ?? false
            }
            guard marks.first == "." else { return true }
            if isAbbreviation(neverEnding) || isListNumber || isInitial { return false }
            if isAbbreviation(sometimesEnding) {
                return next.map { !$0.properties.isLowercase && $0.properties.numericType == nil } ?? false
            }
            return true
        }

        /// The letters, digits and dots before the mark.
        private var word: ArraySlice<Unicode.Scalar> {
            let start = sentence.lastIndex {
                !$0.properties.isAlphabetic && $0.properties.numericType == nil && $0 != "."
            }
            return start.map { sentence[($0 + 1)...] } ?? sentence
        }

        private func isAbbreviation(_ abbreviations: Set<String>) -> Bool {
            guard marks.first == ".", marks.count == 1, word.count <= 6 else { return false }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: word)
            return abbreviations.contains(String(text).lowercased())
        }

        /// `J.` in `J. Smith`; but `I.` ends a sentence.
        private var isInitial: Bool {
            guard let letter = word.first, word.count == 1 else { return false }
            return letter.properties.isAlphabetic && letter != "I"
        }

        /// `1.` at the beginning of a sentence.
        private var isListNumber: Bool {
            !word.isEmpty && word.allSatisfy { $0.properties.numericType != nil }
                && sentence[..<word.startIndex].allSatisfy { $0.properties.isWhitespace }
        }
    }

    /// Without the last full stop, in small letters.
    private static let neverEnding: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "cf", "approx", "dept", "est", "fig", "sr", "sra",
        "srta", "dra", "ud", "uds", "ej", "p.ej", "aprox", "avda", "pág", "núm", "tel",
    ]
    /// These end a sentence when a capital follows.
    private static let sometimesEnding: Set<String> = [
        "etc", "a.m", "p.m", "inc", "ltd", "co", "corp", "jr", "no", "u.s", "ee.uu", "s.a", "s.l", "jan", "feb", "aug",
        "sept", "oct", "nov", "dec", "min", "max",
    ]
}
