/// Tokens of several sequences that go through the model together, row after row.
///
/// Sequences that share pages stand best side by side: a page is then read once for all of them.
package struct Batch: Sendable {
    /// Neighbouring rows of one sequence.
    struct Part: Sendable {
        let rows: Range<Int>
        /// The position of the first row in its sequence.
        let first: Int
        /// The sequence's pages, those of these rows included.
        let pages: [KeyValuePage]
        let adapter: LayeredAdapter?

        /// How many positions the part's last row sees, itself included.
        var end: Int { first + rows.count }
    }

    /// [rows]
    private(set) var tokens: [Int32] = []
    private(set) var parts: [Part] = []

    package init() {}

    /// Rows.
    package var count: Int { tokens.count }

    /// Adds tokens to a sequence, and to the batch as its next rows. A sequence comes once in a batch.
    package mutating func add(
        _ more: some Collection<Int32>, to cache: inout KeyValueCache, adapter: LayeredAdapter? = nil
    ) {
        let first = cache.count
        cache.extend(by: more)
        parts.append(
            Part(rows: count..<count + more.count, first: first, pages: cache.pages, adapter: adapter))
        tokens += more
    }

    /// Neighbouring rows with the same adapter.
    var adapted: [(adapter: LayeredAdapter, rows: Range<Int>)] {
        var runs: [(adapter: LayeredAdapter, rows: Range<Int>)] = []
        for part in parts {
            guard let adapter = part.adapter else { continue }
            if let last = runs.last, last.adapter === adapter, last.rows.upperBound == part.rows.lowerBound {
                runs[runs.count - 1].rows = last.rows.lowerBound..<part.rows.upperBound
            } else {
                runs.append((adapter, part.rows))
            }
        }
        return runs
    }
}
