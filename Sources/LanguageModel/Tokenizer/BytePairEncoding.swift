/// Byte-level BPE (`tokenizer.ggml.model` = `gpt2`): a pre-tokenizer splits a text into words, and in each the two
/// neighbouring tokens of the lowest rank are merged, over and over.
struct BytePairEncoding: Sendable {
    private let preTokenizer: PreTokenizer
    private let vocabulary: Vocabulary
    /// The token of each byte alone; -1 for a byte that the vocabulary lacks, which is then left out as the model's
    /// own tokenizer does.
    private let byteTokens: [Int32]
    /// What two neighbours become; the key is the left token in the upper half and the right one in the lower. The
    /// rank is the merge's place in the file.
    private let merges: [UInt64: MergeQueue.Merge]
    /// Whether a word that is a token is taken as it is.
    private let takesWholeWords: Bool

    /// - Throws: `unsupportedModel` for an unknown pre-tokenizer; `malformedFile` for a merge with or into something
    ///   that is no token.
    init(_ file: GGUFFile, _ vocabulary: Vocabulary) throws(LanguageModelError) {
        preTokenizer = try PreTokenizer(named: try file.string("tokenizer.ggml.pre"))
        takesWholeWords = preTokenizer == .llama3
        self.vocabulary = vocabulary
        byteTokens = (UInt8.min...UInt8.max).map { vocabulary[[$0]] ?? -1 }
        let lines = try file.strings("tokenizer.ggml.merges")
        guard lines.count <= 1 << 24 else { throw .malformed("tokenizer.ggml.merges has \(lines.count) merges") }
        var merges: [UInt64: MergeQueue.Merge] = [:]
        merges.reserveCapacity(lines.count)
        // Both halves of a merge, one behind the other: together they are what it makes.
        var bytes: [UInt8] = []
        for (rank, line) in lines.enumerated() {
            let halves = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            bytes.removeAll(keepingCapacity: true)
            guard halves.count == 2, ByteAlphabet.decode(halves[0], into: &bytes) else { throw Self.noMerge(rank) }
            let middle = bytes.count
            guard ByteAlphabet.decode(halves[1], into: &bytes), let left = vocabulary[bytes[..<middle]],
                let right = vocabulary[bytes[middle...]], let token = vocabulary[bytes[...]]
            else { throw Self.noMerge(rank) }
            merges.updateValue(MergeQueue.Merge(rank: Int32(rank), token: token), forKey: Self.key(left, right))
        }
        self.merges = merges
    }

    /// Llama 3's texts begin with a token of their own where the file does not say.
    var beginsWithToken: Bool { preTokenizer == .llama3 }

    private static func noMerge(_ rank: Int) -> LanguageModelError {
        .malformed("tokenizer.ggml.merges[\(rank)] does not join two tokens into a third")
    }

    /// Appends the tokens of a text without special ones.
    func encode(_ text: ArraySlice<UInt8>, into tokens: inout [Int32], _ queue: inout MergeQueue) {
        preTokenizer.forEachWord(in: ClassifiedText(text)) { word in
            if takesWholeWords, let token = vocabulary[text[word]] {
                tokens.append(token)
            } else {
                encode(word: text[word], into: &tokens, &queue)
            }
        }
    }

    private func encode(word: ArraySlice<UInt8>, into tokens: inout [Int32], _ queue: inout MergeQueue) {
        queue.begin()
        for byte in word where byteTokens[Int(byte)] >= 0 { queue.append(byteTokens[Int(byte)], 0..<0) }
        queue.run { left, right in merges[Self.key(left.token, right.token)] }
        queue.forEach { tokens.append($0.token) }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
