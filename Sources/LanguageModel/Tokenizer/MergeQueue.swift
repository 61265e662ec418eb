/// A text's symbols in order, of which neighbours are merged, lowest rank first, until none can be.
///
/// What byte pairs and sentence pieces have in common. Time is n log n in the symbols, also for a text without an end
/// such as a long line of Chinese. Kept from text to text, so that nothing is allocated for each.
struct MergeQueue {
    /// One token of the text so far.
    struct Symbol {
        /// ``unknown`` for what is no token yet.
        fileprivate(set) var token: Int32
        /// Where its bytes lie.
        fileprivate(set) var range: Range<Int32>
        /// In the list; -1 at its ends.
        fileprivate var previous: Int32
        fileprivate var next: Int32
    }

    /// What two neighbours become.
    struct Merge {
        /// The lowest goes first, and of equal ones the leftmost.
        let rank: Int32
        let token: Int32
    }

    /// The token of a symbol that is none.
    static let unknown: Int32 = -1
    /// The token of a symbol that was merged into its left neighbour.
    private static let gone: Int32 = -2

    private var symbols: [Symbol] = []
    /// A binary heap; the first is the least.
    private var heap: [Candidate] = []

    /// A merge that was possible when it was noted.
    private struct Candidate {
        let merge: Merge
        let left: Int32
        let leftToken: Int32
        let rightToken: Int32

        static func < (a: Candidate, b: Candidate) -> Bool {
            (a.merge.rank, a.left) < (b.merge.rank, b.left)
        }
    }

    /// Forgets the text before.
    mutating func begin() {
        heap.removeAll(keepingCapacity: true)
        symbols.removeAll(keepingCapacity: true)
    }

    /// Adds the next symbol.
    mutating func append(_ token: Int32, _ range: Range<Int32>) {
        let index = Int32(symbols.count)
        if index > 0 { symbols[Int(index) - 1].next = index }
        symbols.append(Symbol(token: token, range: range, previous: index - 1, next: -1))
    }

    /// Merges all that can be merged. `merge` says what two neighbours become, by their tokens and ranges alone.
    @inline(__always)
    mutating func run(_ merge: (Symbol, Symbol) -> Merge?) {
        for left in symbols.indices { note(left, merge) }
        while let candidate = popCandidate() {
            let left = Int(candidate.left)
            let right = Int(symbols[left].next)
            // Stale when either neighbour has since been merged into something else.
            guard symbols[left].token == candidate.leftToken, right >= 0,
                symbols[right].token == candidate.rightToken
            else { continue }
            join(left, right, into: candidate.merge.token)
            note(left, merge)
            if symbols[left].previous >= 0 { note(Int(symbols[left].previous), merge) }
        }
    }

    /// Calls `body` with what is left, in order.
    @inline(__always)
    func forEach(_ body: (Symbol) -> Void) {
        var index = symbols.isEmpty ? -1 : 0
        while index >= 0 {
            body(symbols[index])
            index = Int(symbols[index].next)
        }
    }

    /// Notes the merge of a symbol with its right neighbour, if there is one.
    @inline(__always)
    private mutating func note(_ left: Int, _ merge: (Symbol, Symbol) -> Merge?) {
        let right = Int(symbols[left].next)
        guard right >= 0, let merge = merge(symbols[left], symbols[right]) else { return }
        push(
            Candidate(
                merge: merge, left: Int32(left), leftToken: symbols[left].token, rightToken: symbols[right].token))
    }

    private mutating func join(_ left: Int, _ right: Int, into token: Int32) {
        symbols[left].token = token
        symbols[left].range = symbols[left].range.lowerBound..<symbols[right].range.upperBound
        symbols[left].next = symbols[right].next
        symbols[right].token = Self.gone
        if symbols[left].next >= 0 { symbols[Int(symbols[left].next)].previous = Int32(left) }
    }

    private mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, candidate < heap[(child - 1) / 2] {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = candidate
    }

    private mutating func popCandidate() -> Candidate? {
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
