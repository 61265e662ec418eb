/// Sequences that were computed before, kept page by page and found again by their tokens.
///
/// A tree: a page belongs to the pages before it, so what many prompts begin with is there once. Under a budget in
/// bytes, the page that was not used for longest goes first, and never one that others still lean on.
package struct PrefixStore {
    /// A page, by the page before it (0 for none) and its tokens.
    private struct Key: Hashable {
        let parent: Int
        let tokens: [Int32]
    }

    private struct Entry {
        let id: Int
        let parent: Key?
        let page: KeyValuePage
        var lastUse: Int
        /// The entries that lean on this one.
        var children = 0
    }

    private let layout: KeyValueLayout
    private let budget: Int
    private var entries: [Key: Entry] = [:]
    private var lastID = 0
    /// Counts uses; the time of this store.
    private var clock = 0

    package init(_ layout: KeyValueLayout, bytes budget: Int) {
        self.layout = layout
        self.budget = budget
    }

    /// The memory of all pages here; pages that a running sequence shares are counted too.
    package var bytes: Int { entries.count * layout.bytesPerPage }

    /// The longest known beginning of the tokens, to the token.
    package mutating func longestPrefix(of tokens: [Int32]) -> KeyValueCache {
        clock += 1
        var pages: [KeyValuePage] = []
        var parent = 0
        var rest = tokens[...]
        while rest.count >= KeyValuePage.positions {
            let key = Key(parent: parent, tokens: Array(rest.prefix(KeyValuePage.positions)))
            guard let entry = entries[key] else { break }
            entries[key]?.lastUse = clock
            pages.append(entry.page)
            parent = entry.id
            rest = rest.dropFirst(KeyValuePage.positions)
        }
        // The beginning of a page serves as well: whoever goes on from its middle writes into a copy.
        var longest = 0
        for (key, entry) in entries where key.parent == parent {
            let common = zip(key.tokens, rest).prefix { $0 == $1 }.count
            if common > longest {
                if longest > 0 { pages.removeLast() }
                longest = common
                pages.append(entry.page)
            }
        }
        return KeyValueCache(layout, tokens: Array(tokens.prefix(tokens.count - rest.count + longest)), pages: pages)
    }

    /// Keeps the whole pages among a sequence's first `count` tokens.
    package mutating func keep(_ cache: KeyValueCache, first count: Int) {
        clock += 1
        var parent: (id: Int, key: Key)?
        for index in 0..<min(count, cache.count) / KeyValuePage.positions {
            let start = index * KeyValuePage.positions
            let key = Key(
                parent: parent?.id ?? 0, tokens: Array(cache.tokens[start..<start + KeyValuePage.positions]))
            if entries[key] == nil {
                while bytes + layout.bytesPerPage > budget {
                    // The path that is being kept was used at this tick, and must not be cut behind us.
                    guard evict(usedBefore: clock) else { return }
                }
                lastID += 1
                entries[key] = Entry(id: lastID, parent: parent?.key, page: cache.pages[index], lastUse: clock)
                if let parent { entries[parent.key]?.children += 1 }
            } else {
                entries[key]?.lastUse = clock
            }
            parent = entries[key].map { ($0.id, key) }
        }
    }

    /// Drops the least recently used page that none leans on. A scan: the default budget holds a few hundred pages.
    private mutating func evict(usedBefore time: Int) -> Bool {
        let leaves = entries.filter { $0.value.children == 0 && $0.value.lastUse < time }
        guard let oldest = leaves.min(by: { ($0.value.lastUse, -$0.value.id) < ($1.value.lastUse, -$1.value.id) })
        else { return false }
        entries[oldest.key] = nil
        if let parent = oldest.value.parent { entries[parent]?.children -= 1 }
        return true
    }
}
