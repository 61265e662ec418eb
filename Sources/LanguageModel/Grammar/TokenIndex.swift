/// A model's tokens by their bytes; made once for a tokenizer and shared by all constraints over it.
public final class TokenIndex: Sendable {
    let tokenizer: Tokenizer
    /// Tokens that are whole characters which any string may hold as they are: 98.6 % of SmolLM2's. Inside a string
    /// only the number of their characters counts.
    private let plain: TokenTrie
    /// All others that write anything.
    private let other: TokenTrie
    /// The plain tokens with up to that many characters; the last is all of them. [longest plain token + 1]
    private let plainUpTo: [TokenSet]
    /// The bytes of the longest token.
    let longestToken: Int

    /// Sorts the vocabulary: 0.04 s for 49,152 tokens.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        var plain: [(token: Int32, bytes: [UInt8])] = []
        var other: [(token: Int32, bytes: [UInt8])] = []
        var byLength: [[Int32]] = [[]]
        for token in 0..<Int32(tokenizer.count)
        where !tokenizer.isSpecial(token) && !tokenizer.endOfTurn.contains(token) {
            let bytes = tokenizer.bytes(of: token)
            // No file has one so long; the trie counts in 16 bits.
            guard (1...Int(UInt16.max)).contains(bytes.count) else { continue }
            if let length = StringLimits.plainCharacters(bytes) {
                plain.append((token, bytes))
                while byLength.count <= length { byLength.append([]) }
                byLength[length].append(token)
            } else {
                other.append((token, bytes))
            }
        }
        self.plain = TokenTrie(plain)
        self.other = TokenTrie(other)
        var set = TokenSet(vocabulary: tokenizer.count)
        plainUpTo = byLength.map { tokens in
            tokens.forEach { set.insert($0) }
            return set
        }
        longestToken = max(self.plain.height, self.other.height)
    }

    /// The tokens all of whose bytes a state accepts.
    func tokens(acceptedBy state: GrammarState) -> TokenSet {
        var set = TokenSet(vocabulary: tokenizer.count)
        if let characters = state.charactersLeft {
            set = plainUpTo[min(characters, plainUpTo.count - 1)]
        } else {
            plain.forEachToken(from: state, advance: { $0.advance($1) }) { set.insert($0) }
        }
        other.forEachToken(from: state, advance: { $0.advance($1) }) { set.insert($0) }
        return set
    }

    /// The tokens that begin with these bytes, and those that are the beginning of them.
    func tokens(alongside bytes: [UInt8]) -> TokenSet {
        var set = TokenSet(vocabulary: tokenizer.count)
        for trie in [plain, other] {
            trie.forEachToken(from: 0) { place, byte in
                defer { place += 1 }
                return place >= bytes.count || bytes[place] == byte
            } _: {
                set.insert($0)
            }
        }
        return set
    }
}

extension StringLimits {
    /// How many characters these bytes are; `nil` unless they are whole characters and none is escaped in a string.
    fileprivate static func plainCharacters(_ bytes: [UInt8]) -> Int? {
        var place = Place(StringLimits(minimum: .max, maximum: unlimited))
        place.stage = .inside
        for byte in bytes {
            guard byte != UInt8(ascii: "\\"), place.allowedBytes.contains(byte) else { return nil }
            _ = place.take(byte)
        }
        return place.stage == .inside ? Int(Int32.max - place.needed) : nil
    }
}

extension GrammarState {
    /// How many characters the string may still have that all readings are in, between two of its characters; `nil`
    /// where they are elsewhere.
    fileprivate var charactersLeft: Int? {
        var most: Int?
        for reading in readings {
            guard case .string(let place) = reading.place, place.stage == .inside else { return nil }
            most = max(most ?? 0, Int(place.left))
        }
        return most
    }
}
