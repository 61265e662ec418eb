/// Sequences that were computed before, kept page by page and found again by their tokens.
///
/// A tree: a page belongs to the pages before it, so what many prompts begin with is there once. A tree for each
/// ``PrefixScope``: keys and values depend on the adapter, and what one tenant's texts begin with is no other's to find.
/// Under a budget in bytes, the page that was not used for longest goes first, and never one that others lean on.
package struct PrefixStore {
    /// A page, and what it is known by.
    private struct Node {
        /// The page before it; `nil` for the first.
        let parent: Int?
        let scope: PrefixScope
        let tokens: [Int32]
        let page: KeyValuePage
        var lastUse: Int
        /// The pages that lean on this one.
        var children: [Int] = []
    }

    private let layout: KeyValueLayout
    private let budget: Int
    private var nodes: [Int: Node] = [:]
    /// The first pages of each scope.
    private var roots: [PrefixScope: [Int]] = [:]
    private var lastID = 0
    /// Counts uses; the time of this store.
    private var clock = 0

    package init(_ layout: KeyValueLayout, bytes budget: Int) {
        self.layout = layout
        self.budget = budget
    }

    /// The memory of all pages here; pages that a running sequence shares are counted too.
    package var bytes: Int { nodes.count * layout.bytesPerPage }

    /// The longest known beginning of the tokens, to the token.
    package mutating func longestPrefix(of tokens: [Int32], in scope: PrefixScope = PrefixScope()) -> KeyValueCache {
        clock += 1
        var pages: [KeyValuePage] = []
        var candidates = roots[scope] ?? []
        var rest = tokens[...]
        while let id = child(among: candidates, rest.prefix(KeyValuePage.positions)), let node = nodes[id] {
            nodes[id]?.lastUse = clock
            pages.append(node.page)
            candidates = node.children
            rest = rest.dropFirst(KeyValuePage.positions)
        }
        // The beginning of a page serves as well: whoever goes on from its middle writes into a copy.
        var longest = 0
        for id in candidates {
            guard let node = nodes[id] else { continue }
            let common = zip(node.tokens, rest).prefix { $0 == $1 }.count
            if common > longest {
                if longest > 0 { pages.removeLast() }
                longest = common
                pages.append(node.page)
            }
        }
        return KeyValueCache(layout, tokens: Array(tokens.prefix(tokens.count - rest.count + longest)), pages: pages)
    }

    /// Keeps the whole pages among a sequence's first `count` tokens.
    package mutating func keep(_ cache: KeyValueCache, first count: Int, in scope: PrefixScope = PrefixScope()) {
        clock += 1
        var parent: Int?
        for index in 0..<min(count, cache.count) / KeyValuePage.positions {
            let start = index * KeyValuePage.positions
            let tokens = cache.tokens[start..<start + KeyValuePage.positions]
            let candidates = parent.map { nodes[$0]?.children ?? [] } ?? roots[scope] ?? []
            if let known = child(among: candidates, tokens) {
                nodes[known]?.lastUse = clock
                parent = known
                continue
            }
            while bytes + layout.bytesPerPage > budget {
                // The path that is being kept was used at this tick, and must not be cut behind us.
                guard evict(usedBefore: clock) else { return }
            }
            lastID += 1
            nodes[lastID] = Node(
                parent: parent, scope: scope, tokens: Array(tokens), page: cache.pages[index], lastUse: clock)
            if let parent { nodes[parent]?.children.append(lastID) } else { roots[scope, default: []].append(lastID) }
            parent = lastID
        }
    }

    /// Forgets what was computed with an adapter that is no longer used.
    package mutating func forget(adapter: String) {
        for (id, node) in nodes where node.scope.adapter == adapter { nodes[id] = nil }
        for scope in roots.keys where scope.adapter == adapter { roots[scope] = nil }
    }

    private func child(among candidates: [Int], _ tokens: ArraySlice<Int32>) -> Int? {
        guard tokens.count == KeyValuePage.positions else { return nil }
        return candidates.first { nodes[$0].map { tokens.elementsEqual($0.tokens) } ?? false }
    }

    /// Drops the least recently used page that none leans on. A scan: the default budget holds a few hundred pages.
    private mutating func evict(usedBefore time: Int) -> Bool {
        let leaves = nodes.filter { $0.value.children.isEmpty && $0.value.lastUse < time }
        guard let oldest = leaves.min(by: { ($0.value.lastUse, -$0.key) < ($1.value.lastUse, -$1.key) }) else {
            return false
        }
        let (id, node) = oldest
        nodes[id] = nil
        if let parent = node.parent {
            nodes[parent]?.children.removeAll { $0 == id }
        } else {
            roots[node.scope]?.removeAll { $0 == id }
        }
        return true
    }
}

/// Whose computed prompts may be found: equal scopes share them.
package struct PrefixScope: Sendable, Hashable {
    /// The digest of the adapter that computes them; empty for the model alone.
    package let adapter: String
    /// Whom the prompt belongs to; empty for nobody in particular.
    package let tenant: String

    package init(adapter: String = "", tenant: String = "") {
        self.adapter = adapter
        self.tenant = tenant
    }
}
