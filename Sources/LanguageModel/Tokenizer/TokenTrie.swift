/// Tokens by the bytes they write: those that begin alike lie together, so that a set of them is found without asking
/// each.
///
/// A tree in preorder; a node is a byte behind the bytes of the nodes above it.
struct TokenTrie: Sendable {
    /// [nodes]
    private var nodeBytes: [UInt8] = []
    /// How many nodes lie above each. [nodes]
    private var depths: [UInt16] = []
    /// The first node that is not below each. [nodes]
    private var ends: [Int32] = []
    /// Where each node's tokens begin among `tokens`. [nodes + 1]
    private var tokenStarts: [Int32] = [0]
    /// The tokens, in the order of the nodes that complete them.
    private var tokens: [Int32] = []
    /// The nodes on the longest way down.
    private(set) var height = 0

    /// - Parameter entries: tokens and their bytes, 1 to 65,535 each; several tokens may write the same.
    init(_ entries: [(token: Int32, bytes: [UInt8])]) {
        let sorted = entries.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        // The nodes that the next token's bytes may share.
        var open: [Int] = []
        var previous: [UInt8] = []
        for (token, bytes) in sorted {
            let common = zip(previous, bytes).prefix { $0 == $1 }.count
            close(&open, downTo: common)
            for byte in bytes[common...] {
                open.append(nodeBytes.count)
                depths.append(UInt16(open.count - 1))
                nodeBytes.append(byte)
                ends.append(0)
                tokenStarts.append(Int32(tokens.count))
            }
            tokens.append(token)
            tokenStarts[tokenStarts.count - 1] = Int32(tokens.count)
            height = max(height, bytes.count)
            previous = bytes
        }
        close(&open, downTo: 0)
    }

    private mutating func close(_ open: inout [Int], downTo count: Int) {
        for node in open[count...] { ends[node] = Int32(nodeBytes.count) }
        open.removeSubrange(count...)
    }

    /// Finds the tokens that a state lets through: nodes whose byte it refuses are left with all that lies below them.
    ///
    /// - Parameter advance: gives a state its next byte; `false` where it refuses it.
    func forEachToken<State>(
        from state: State, advance: (inout State, UInt8) -> Bool, _ body: (Int32) -> Void
    ) {
        // The state before the node at each depth.
        var states = Array(repeating: state, count: height + 1)
        var node = 0
        while node < nodeBytes.count {
            let depth = Int(depths[node])
            states[depth + 1] = states[depth]
            guard advance(&states[depth + 1], nodeBytes[node]) else {
                node = Int(ends[node])
                continue
            }
            for place in tokenStarts[node]..<tokenStarts[node + 1] { body(tokens[Int(place)]) }
            node += 1
        }
    }
}
