/// One sequence: its tokens, and the keys and values that the model computed for them.
///
/// A value: a copy is a fork. Forks share their pages; the first that goes on does so in the shared page, the others each
/// in a copy of it. So forking costs nothing, and going on costs at most one page of copying (0.7 MiB for a 135M model).
package struct KeyValueCache: Sendable {
    let layout: KeyValueLayout
    /// What the sequence consists of, one token a position.
    package private(set) var tokens: [Int32] = []
    /// ceil(tokens / 32) pages, more while positions are prepared.
    private(set) var pages: [KeyValuePage] = []

    package init(_ layout: KeyValueLayout) { self.layout = layout }

    /// A sequence that was computed before: whole pages, and what of the last page is wanted.
    init(_ layout: KeyValueLayout, tokens: [Int32], pages: [KeyValuePage]) {
        precondition(pages.count == (tokens.count + KeyValuePage.positions - 1) / KeyValuePage.positions)
        self.layout = layout
        self.tokens = tokens
        self.pages = pages
    }

    /// The sequence's length.
    package var count: Int { tokens.count }

    /// Forgets the positions from `count` on.
    package mutating func roll(backTo count: Int) {
        guard count < tokens.count else { return }
        tokens.removeSubrange(count...)
        pages.removeSubrange((count + KeyValuePage.positions - 1) / KeyValuePage.positions..<pages.count)
    }

    /// Adds positions whose keys and values are about to be written: their pages exist afterwards, and nobody else
    /// writes or reads their slots.
    package mutating func extend(by more: some Collection<Int32>) {
        let size = KeyValuePage.positions
        let end = tokens.count + more.count
        let used = tokens.count % size
        if used > 0, end > tokens.count {
            let slots = used..<min(size, used + more.count)
            if let page = pages.last, !page.claim(slots) {
                pages[pages.count - 1] = KeyValuePage(copying: page, claiming: slots.upperBound)
            }
        }
        tokens += more
        while pages.count * size < end {
            pages.append(KeyValuePage(layout, claiming: min(size, end - pages.count * size)))
        }
    }
}
