/// A plain answer to a conversation, without a scaffold.
public struct Completion: Sendable, Hashable {
    /// What the model said.
    public let text: String
    /// The tokens that it took, without the one that ends the turn.
    public let tokens: [Int32]
    /// Of each token that was drawn, as the model saw it before temperature and cuts. A document's forced tokens are not
    /// drawn.
    public let logProbabilities: [Float]
    /// The conversation's tokens.
    public let promptTokens: Int
    /// How many of them were already in the cache.
    public let cachedTokens: Int
    /// Whether it stopped because the tokens were used up.
    public let isCut: Bool
}
