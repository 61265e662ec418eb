/// A set of a vocabulary's tokens, one bit each.
public struct TokenSet: Sendable, Hashable {
    /// How many tokens there are to be in it.
    let vocabulary: Int
    /// [ceil(vocabulary / 64)]; token t is bit t % 64 of word t / 64.
    private var words: [UInt64]

    /// The empty set.
    public init(vocabulary: Int) {
        self.vocabulary = vocabulary
        words = Array(repeating: 0, count: (vocabulary + 63) / 64)
    }

    /// Whether a token is in the set; false for a number that is no token.
    public func contains(_ token: Int32) -> Bool {
        guard token >= 0, Int(token) < vocabulary else { return false }
        return words[Int(token) / 64] >> (UInt64(token) % 64) & 1 == 1
    }

    /// Adds a token of the vocabulary.
    public mutating func insert(_ token: Int32) {
        precondition(token >= 0 && Int(token) < vocabulary)
        words[Int(token) / 64] |= 1 << (UInt64(token) % 64)
    }

    /// Adds another set of the same vocabulary.
    public mutating func formUnion(_ other: TokenSet) {
        precondition(vocabulary == other.vocabulary)
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// How many are in it.
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Calls `body` for each token of the set, in order.
    public func forEach(_ body: (Int32) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(Int32(64 * index + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }
}
