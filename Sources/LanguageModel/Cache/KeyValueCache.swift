/// One sequence: its tokens, and the keys and values that the model computed for them.
///
/// A value: a copy is a fork. Forks share their pages, and a page that two hold is copied before either writes to it,
/// so forking costs nothing and going on costs at most one page of copying (0.7 MiB for a 135M model).
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

    /// Adds positions whose keys and values are about to be written: their pages exist afterwards and are this
    /// sequence's alone.
    package mutating func extend(by more: some Collection<Int32>) {
        guard !more.isEmpty else { return }
        if !tokens.count.isMultiple(of: KeyValuePage.positions), !isKnownUniquelyReferenced(&pages[pages.count - 1]) {
            pages[pages.count - 1] = KeyValuePage(copying: pages[pages.count - 1])
        }
        tokens += more
        while pages.count * KeyValuePage.positions < tokens.count { pages.append(KeyValuePage(layout)) }
    }
}
