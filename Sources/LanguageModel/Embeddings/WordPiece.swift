/// BERT's tokenizer for uncased models: words are cut into the longest pieces that the vocabulary has, from the left.
///
/// Text is only text: `[SEP]` in it is three words, never the token that ends a sequence.
struct WordPiece: Sendable {
    /// How many tokens there are.
    let count: Int
    /// Pieces that begin a word.
    private let beginnings: [ArraySlice<UInt8>: Int32]
    /// Pieces inside a word, without the `##` before them.
    private let continuations: [ArraySlice<UInt8>: Int32]
    /// The bytes of the longest piece.
    private let longest: Int
    /// `[CLS]`, before every text.
    private let start: Int32
    /// `[SEP]`, behind every text.
    private let end: Int32
    /// `[UNK]`, for a word that pieces cannot make.
    private let unknown: Int32

    /// A longer word is unknown (`max_input_chars_per_word`).
    private static let longestWord = 100

    /// - Parameter vocabulary: `vocab.txt`, one piece a line; a line's number is its token.
    /// - Throws: `malformedFile` when one of the special tokens is missing.
    init(vocabulary: UnsafeRawBufferPointer) throws(LanguageModelError) {
        var beginnings: [ArraySlice<UInt8>: Int32] = [:]
        var continuations: [ArraySlice<UInt8>: Int32] = [:]
        var lines = vocabulary.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count <= 1 << 24 else { throw .malformedEncoder("vocab.txt has \(lines.count) lines") }
        var longest = 0
        for (index, line) in lines.enumerated() {
            let piece = Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
            if piece.starts(with: "##".utf8) {
                continuations[piece[2...]] = Int32(index)
            } else {
                beginnings[piece[...]] = Int32(index)
            }
            longest = max(longest, piece.count)
        }
        func special(_ text: String) throws(LanguageModelError) -> Int32 {
            guard let token = beginnings[Array(text.utf8)[...]] else {
                throw .malformedEncoder("vocab.txt has no \(text)")
            }
            return token
        }
        start = try special("[CLS]")
        end = try special("[SEP]")
        unknown = try special("[UNK]")
        count = lines.count
        self.beginnings = beginnings
        self.continuations = continuations
        self.longest = longest
    }

    /// The tokens of a text between `[CLS]` and `[SEP]`, `limit` at most with them; what is longer is cut off.
    func encode(_ text: String, limit: Int) -> [Int32] {
        var tokens = [start]
        for word in UncasedWords(text) {
            guard tokens.count < limit - 1 else { break }
            append(word, to: &tokens)
        }
        return tokens.prefix(limit - 1) + [end]
    }

    private func append(_ word: [Unicode.Scalar], to tokens: inout [Int32]) {
        guard word.count <= Self.longestWord else { return tokens.append(unknown) }
        var bytes: [UInt8] = []
        /// Where each character ends.
        var ends: [Int] = []
        for scalar in word {
            bytes.append(contentsOf: scalar.utf8)
            ends.append(bytes.count)
        }
        let before = tokens.count
        var position = 0
        while position < bytes.count {
            let pieces = position == 0 ? beginnings : continuations
            let fitting = ends.lazy.reversed().filter { $0 > position && $0 - position <= longest }
            guard let end = fitting.first(where: { pieces[bytes[position..<$0]] != nil }),
                let token = pieces[bytes[position..<end]]
            else {
                tokens.removeSubrange(before...)
                return tokens.append(unknown)
            }
            tokens.append(token)
            position = end
        }
    }
}
