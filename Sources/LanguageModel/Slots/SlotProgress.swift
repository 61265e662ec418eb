/// One attempt at a `write` slot while it is being written: when to stop, and what of it stands.
///
/// Pure: it is fed the bytes of the model's tokens and decides. Whatever the model writes, it ends: words, sentences
/// and bytes are limited.
public struct SlotProgress: Sendable {
    /// What to do after a token.
    public enum Action: Sendable, Hashable {
        /// Draw another token.
        case `continue`
        /// The slot is full: this is its text. Empty when no sentence was finished within the slot's words.
        case finish(String)
    }

    private let slot: WriteSlot
    /// Whether the text before ends in white space, so that the slot must not begin with any.
    private let dropsLeadingSpace: Bool
    private var stream = UTF8Stream()
    /// What was written, without white space at the beginning.
    private var text: [Unicode.Scalar] = []
    private var hasLeadingSpace = false
    /// Every token counts for at least one, so that tokens without text end the slot too.
    private var spentBytes = 0

    /// - Parameter preceding: the text before the slot, for the space between the two.
    public init(slot: WriteSlot, precededBy preceding: String) {
        self.slot = slot
        dropsLeadingSpace = preceding.unicodeScalars.last.map(\.properties.isWhitespace) ?? true
    }

    /// The text before a slot as the model should read it: without the spaces at its end. Vocabularies keep a space
    /// together with the word behind it, so a model that has already read the space seldom finds the word.
    public static func prompt(before preceding: String) -> String {
        var preceding = preceding[...]
        while preceding.last == " " { preceding.removeLast() }
        return String(preceding)
    }

    /// Takes the bytes of the next token, or of a whole answer.
    public mutating func append(_ bytes: some Collection<UInt8>) -> Action {
        spentBytes += max(1, bytes.count)
        take(stream.append(bytes))
        let stop = firstStop
        let readable = text[..<(stop ?? text.endIndex)]
        let ends = SentenceBoundaries.ends(in: readable)
        let endOfWords = firstWordTooMany(in: readable) ?? .max
        if let end = ends.dropFirst(max(1, slot.maximumSentences) - 1).first, end <= endOfWords {
            return .finish(finished(text[..<end]))
        }
        if endOfWords == .max {
            if stop != nil { return .finish(finished(readable)) }
            if spentBytes <= maximumBytes { return .continue }
        }
        return .finish(finished(text[..<(ends.last { $0 <= endOfWords } ?? 0)]))
    }

    /// The model has ended its turn: what it has written is the slot's text. A character that is only half there is
    /// left out.
    public func end() -> String { finished(text[...]) }

    /// The model was cut off: only its finished sentences are text.
    public func cut() -> String { finished(text[..<(SentenceBoundaries.ends(in: text[...]).last ?? 0)]) }

    /// Longer words than any that people use; the limit is for a model that repeats one letter for ever.
    private var maximumBytes: Int { 64 + 24 * min(slot.maximumWords, 100_000) }

    private mutating func take(_ piece: String) {
        for scalar in piece.unicodeScalars {
            if text.isEmpty, scalar.properties.isWhitespace {
                hasLeadingSpace = true
            } else {
                text.append(scalar)
            }
        }
    }

    /// Where the first stop or line break begins.
    private var firstStop: Int? {
        let stops = slot.stops.compactMap { stop in
            stop.isEmpty ? nil : text.firstRange(of: Array(stop.unicodeScalars))?.lowerBound
        }
        return (stops + [text.firstIndex { Self.lineBreaks.contains($0) }].compactMap(\.self)).min()
    }

    private static let lineBreaks: Set<Unicode.Scalar> = [
        "\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}",
    ]

    /// Where the first word begins that is more than the slot's words. Words are what stands between white space and
    /// holds a letter or a digit.
    private func firstWordTooMany(in text: ArraySlice<Unicode.Scalar>) -> Int? {
        text.split { $0.properties.isWhitespace }.filter { word in
            word.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        }.dropFirst(max(0, slot.maximumWords)).first?.startIndex
    }

    /// A part of the text from its beginning, without white space at its end, with the space that joins it to the
    /// text before.
    private func finished(_ part: ArraySlice<Unicode.Scalar>) -> String {
        var part = part
        while let last = part.last, last.properties.isWhitespace { part.removeLast() }
        guard !part.isEmpty else { return "" }
        var string = String.UnicodeScalarView()
        if hasLeadingSpace, !dropsLeadingSpace { string.append(" ") }
        string.append(contentsOf: part)
        return String(string)
    }
}
