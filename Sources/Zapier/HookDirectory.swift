/// Where the Zaps that are on asked to be called.
public protocol HookDirectory: Sendable {
    /// The live subscriptions of a connection to an event: `lead.content_ready`.
    func hooks(connection: String, event: String) async throws -> [HookSubscription]

    /// Ends a subscription whose receiver said that it is gone.
    func markGone(_ hook: HookSubscription) async throws
}

/// One Zap's subscription (a REST hook).
public struct HookSubscription: Sendable, Hashable {
    /// The subscription's id in the directory.
    public var id: String
    /// Where to post.
    public var url: String
    /// What the Zap wants to hear of: `stage` and `kind`, each with one value; empty for everything.
    public var filters: [String: String]

    /// Creates a subscription.
    public init(id: String, url: String, filters: [String: String] = [:]) {
        self.id = id
        self.url = url
        self.filters = filters
    }
}
