/// Which tokens may come next.
///
/// A sampler asks for the token that it has drawn, and for the whole set only when that one is refused: most of the
/// time the model's own choice fits, and a set of 49,152 tokens costs more than a draw.
public protocol TokenConstraint {
    /// Whether a token may come next; for any number, also one that is no token.
    func allows(_ token: Int32) -> Bool
    /// All tokens that may come next: those that ``allows(_:)`` allows.
    var allowedTokens: TokenSet { get }
}
