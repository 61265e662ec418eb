/// The merges of a byte-level BPE vocabulary: they join the two neighbouring tokens of the lowest rank, over and over.
struct BytePairEncoding: Sendable {
    /// The token of each byte alone; -1 for a byte that the vocabulary lacks, which is then left out as the model's
    /// own tokenizer does.
    let byteTokens: [Int32]
    /// What two neighbours become; the key is the left token in the upper half and the right one in the lower.
    private let merges: [UInt64: Merge]

    private struct Merge: Sendable {
        /// Its place in the file; the lowest goes first.
        let rank: Int32
        let token: Int32
    }

    /// - Parameters:
    ///   - merges: the lines of `tokenizer.ggml.merges`, two tokens in GPT-2's alphabet with a space between.
    ///   - vocabulary: each token's id by its bytes.
    /// - Throws: `malformedFile` for a merge with or into something that is no token.
    init(merges lines: [String], vocabulary: [[UInt8]: Int32]) throws(LanguageModelError) {
        guard lines.count <= 1 << 24 else { throw .malformed("tokenizer.ggml.merges has \(lines.count) merges") }
        byteTokens = (UInt8.min...UInt8.max).map { vocabulary[[$0]] ?? -1 }
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(lines.count)
        for (rank, line) in lines.enumerated() {
            let halves = line.split(separator: " ", omittingEmptySubsequences: false)
            guard halves.count == 2, let left = ByteAlphabet.decode(halves[0]),
                let right = ByteAlphabet.decode(halves[1]), let leftToken = vocabulary[left],
                let rightToken = vocabulary[right], let token = vocabulary[left + right]
            else { throw .malformed("tokenizer.ggml.merges[\(rank)] does not join two tokens into a third") }
            let merge = Merge(rank: Int32(rank), token: token)
            merges.updateValue(merge, forKey: Self.key(leftToken, rightToken))
        }
        self.merges = merges
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Appends the tokens of one word.
    ///
    /// Time is n log n in the word's bytes, also for a word without end, such as a long line of Chinese.
    func encode(_ word: ArraySlice<UInt8>, into tokens: inout [Int32], scratch: inout Scratch) {
        scratch.begin(word.lazy.map { byteTokens[Int($0)] }.filter { $0 >= 0 })
        for left in scratch.symbols.indices.dropLast() { propose(left, &scratch) }
        while let candidate = scratch.popCandidate() {
            let left = Int(candidate.left)
            // Stale when either neighbour has since been merged into something else.
            guard scratch.symbols[left].token == candidate.leftToken, scratch.symbols[left].next >= 0,
                scratch.symbols[Int(scratch.symbols[left].next)].token == candidate.rightToken
            else { continue }
            scratch.join(left, into: candidate.token)
            propose(left, &scratch)
            if scratch.symbols[left].previous >= 0 { propose(Int(scratch.symbols[left].previous), &scratch) }
        }
        var index = scratch.symbols.isEmpty ? -1 : 0
        while index >= 0 {
            tokens.append(scratch.symbols[index].token)
            index = Int(scratch.symbols[index].next)
        }
    }

    /// Notes the merge of a symbol with its right neighbour, if there is one.
    private func propose(_ left: Int, _ scratch: inout Scratch) {
        let right = Int(scratch.symbols[left].next)
        guard right >= 0 else { return }
        let leftToken = scratch.symbols[left].token
        let rightToken = scratch.symbols[right].token
        guard let merge = merges[Self.key(leftToken, rightToken)] else { return }
        scratch.push(
            Candidate(
                rank: merge.rank, left: Int32(left), leftToken: leftToken, rightToken: rightToken, token: merge.token))
    }

    /// One token of the word so far, in a list.
    struct Symbol {
        /// -1 once it was merged into its left neighbour.
        var token: Int32
        var previous: Int32
        var next: Int32
    }

    /// A merge that was possible when it was noted.
    struct Candidate {
        let rank: Int32
        let left: Int32
        let leftToken: Int32
        let rightToken: Int32
        let token: Int32

        /// Lowest rank first, and of equal merges the leftmost.
        static func < (a: Candidate, b: Candidate) -> Bool { (a.rank, a.left) < (b.rank, b.left) }
    }

    /// What one encoding works on; kept from word to word so that nothing is allocated for each.
    struct Scratch {
        private(set) var symbols: [Symbol] = []
        /// A binary heap; the first is the least.
        private var heap: [Candidate] = []

        mutating func begin(_ tokens: some Sequence<Int32>) {
            heap.removeAll(keepingCapacity: true)
            symbols.removeAll(keepingCapacity: true)
            for token in tokens {
                let index = Int32(symbols.count)
                symbols.append(Symbol(token: token, previous: index - 1, next: index + 1))
            }
            if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
        }

        /// Makes a symbol and its right neighbour one.
        mutating func join(_ left: Int, into token: Int32) {
            let right = Int(symbols[left].next)
            symbols[left].token = token
            symbols[left].next = symbols[right].next
            symbols[right].token = -1
            if symbols[left].next >= 0 { symbols[Int(symbols[left].next)].previous = Int32(left) }
        }

        mutating func push(_ candidate: Candidate) {
            heap.append(candidate)
            var child = heap.count - 1
            while child > 0, candidate < heap[(child - 1) / 2] {
                heap[child] = heap[(child - 1) / 2]
                child = (child - 1) / 2
            }
            heap[child] = candidate
        }

        mutating func popCandidate() -> Candidate? {
            guard let first = heap.first else { return nil }
            let last = heap.removeLast()
            guard !heap.isEmpty else { return first }
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard child < heap.count, heap[child] < last else { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = last
            return first
        }
    }
}
