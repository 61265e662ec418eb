/// The bytes that every token writes, and the token of given bytes.
///
/// A hash table over one array: as a dictionary of arrays, 50,000 tokens took most of a tokenizer's time to load.
struct Vocabulary: Sendable {
    /// The bytes of all tokens, one behind the other.
    private var bytes: [UInt8] = []
    /// Where each token's bytes begin; one more than tokens.
    private var offsets: [Int32] = [0]
    /// Open addressing: a token, or -1; a power of two, at least twice as many as tokens.
    private var slots = [Int32](repeating: -1, count: 16)
    /// The most bytes of a token that can be found.
    private(set) var longest = 0

    var count: Int { offsets.count - 1 }

    /// Adds the next token.
    ///
    /// - Parameter isText: whether it can be found by its bytes; of equal tokens the first one is.
    /// - Throws: `malformedFile` when the vocabulary grows beyond 2 GiB.
    mutating func append(_ text: some Collection<UInt8>, isText: Bool) throws(LanguageModelError) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        guard let end = Int32(exactly: bytes.count) else { throw .malformed("tokenizer.ggml.tokens is too long") }
        offsets.append(end)
        guard isText, start < bytes.count else { return }
        if 2 * count > slots.count { grow() }
        insert(Int32(count - 1))
        longest = max(longest, bytes.count - start)
    }

    private mutating func insert(_ token: Int32) {
        let slot = slot(of: bytes(of: token))
        if slots[slot] < 0 { slots[slot] = token }
    }

    private mutating func grow() {
        let tokens = slots.filter { $0 >= 0 }
        slots = Array(repeating: -1, count: 2 * slots.count)
        for token in tokens { insert(token) }
    }

    /// The token that writes exactly these bytes.
    subscript(text: ArraySlice<UInt8>) -> Int32? {
        guard text.count <= longest else { return nil }
        let token = slots[slot(of: text)]
        return token < 0 ? nil : token
    }

    /// What a token writes; the token must be one of these.
    func bytes(of token: Int32) -> ArraySlice<UInt8> {
        bytes[Int(offsets[Int(token)])..<Int(offsets[Int(token) + 1])]
    }

    /// Where a text is, or where it would have to be added.
    private func slot(of text: ArraySlice<UInt8>) -> Int {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots.count - 1)
        while slots[slot] >= 0, bytes(of: slots[slot]) != text { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}
