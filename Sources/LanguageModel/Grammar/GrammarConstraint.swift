import Synchronization

/// A document that is being written in a model's tokens under a grammar.
///
/// ```swift
/// var constraint = GrammarConstraint(grammar, index)
/// while !constraint.mustEnd {
///     let forced = constraint.takeForcedTokens()      // to be read by the model, not drawn
///     guard let drawn = sampler.draw(logits: logits, under: constraint), constraint.take(drawn.token) else { break }
/// }
/// ```
///
/// A value: copies go on apart, and share what they learn about the grammar. Keep one at its beginning for each
/// grammar, and copy it for each document.
public struct GrammarConstraint: TokenConstraint, Sendable {
    private let index: TokenIndex
    private let sets: KnownSets
    /// The document so far.
    public private(set) var state: GrammarState

    /// Stands at the beginning of a document.
    public init(_ grammar: JSONSchemaGrammar, _ index: TokenIndex) {
        self.index = index
        sets = KnownSets()
        state = GrammarState(grammar)
    }

    /// Whether the document is complete. A token that ends the turn is allowed from here on, and is not needed.
    public var isComplete: Bool { state.isComplete }

    /// Whether the document is complete and nothing may follow.
    public var mustEnd: Bool { state.mustEnd }

    /// A shortest text that completes the document, for when no more tokens may be drawn.
    public var shortestCompletion: [UInt8] { state.shortestCompletion }

    public func allows(_ token: Int32) -> Bool {
        if index.tokenizer.endOfTurn.contains(token) { return isComplete }
        let bytes = index.tokenizer.bytes(of: token)
        return !bytes.isEmpty && !index.tokenizer.isSpecial(token) && state.accepts(bytes)
    }

    /// All tokens that may come next. States that differ only in limits that no token reaches share a set, so that a
    /// set is mostly made once for each place of the schema.
    public var allowedTokens: TokenSet {
        let state = state.normalized(forTokensOf: index.longestToken)
        return sets.set(for: state) {
            var set = index.tokens(acceptedBy: state)
            if state.isComplete { index.tokenizer.endOfTurn.forEach { set.insert($0) } }
            return set
        }
    }

    /// Takes a token that was drawn.
    ///
    /// - Returns: whether it writes something: `false` for a token that is not allowed and for the end of the turn, and
    ///   the document is as before.
    public mutating func take(_ token: Int32) -> Bool {
        guard allows(token), !index.tokenizer.endOfTurn.contains(token) else { return false }
        return index.tokenizer.bytes(of: token).allSatisfy { state.advance($0) }
    }

    /// Takes what can only come next, and gives its tokens: they are read without having been drawn. Empty where there
    /// is a choice.
    ///
    /// The last spaces are left to be drawn when something must follow: vocabularies keep a space together with the
    /// word behind it, so behind a space alone a model seldom finds the word. Tokens cannot hold part of a character
    /// here; where a choice splits one, its bytes are drawn too.
    public mutating func takeForcedTokens() -> [Int32] {
        var forced = state.forcedBytes
        var end = state
        for byte in forced { _ = end.advance(byte) }
        while !end.mustEnd, forced.last == UInt8(ascii: " ") { forced.removeLast() }
        var stream = UTF8Stream()
        let text = stream.append(forced)
        let tokens = index.tokenizer.encode(text)
        // Not so where a vocabulary lacks a byte, and behind half a character.
        guard forced.starts(with: text.utf8), tokens.flatMap({ index.tokenizer.bytes(of: $0) }) == Array(text.utf8)
        else { return [] }
        for byte in text.utf8 { _ = state.advance(byte) }
        return tokens
    }
}

/// The sets of tokens that a grammar's states allow.
private final class KnownSets: Sendable {
    private let sets = Mutex<[GrammarState: TokenSet]>([:])

    /// A set has 6 KiB for 49,152 tokens and 32 for 262,144. A grammar seldom has more places than that; then they
    /// begin anew.
    private static let limit = 256

    /// The set of a state, made if it is not known. Two threads may make the same.
    func set(for state: GrammarState, make: () -> TokenSet) -> TokenSet {
        if let known = sets.withLock({ $0[state] }) { return known }
        let made = make()
        sets.withLock { sets in
            if sets.count >= Self.limit { sets.removeAll() }
            sets[state] = made
        }
        return made
    }
}
