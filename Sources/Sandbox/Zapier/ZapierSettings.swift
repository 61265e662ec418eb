/// What can be configured about a Zapier account.
package struct ZapierSettings: SandboxSettings, Hashable {
    /// How "Webhooks by Zapier" writes its bodies.
    package enum Encoding: String, Codable, Sendable, Hashable {
        case json
        case form
    }

    /// The number in the account's hook addresses.
    package var account = "7654321"
    /// The key that the user entered for the connection.
    package var apiKey = "sandbox-zapier-api-key"
    /// Where the Leadwright app finds its API: `https://gateway.example.com`.
    package var gatewayURL = ""
    /// Where the user's Zaps post leads and outcomes; nothing is sent while it is empty.
    package var targetURL = ""
    /// In which form they post.
    package var encoding = Encoding.json
    /// Posts that one hook address takes in any second.
    package var hookLimit = 30
    /// How posts are sent. The real schedule is that of a user who has autoreplay switched on.
    package var delivery = DeliveryPolicy(
        concurrency: 10, retrySeconds: [300, 1800, 3600, 10_800, 21_600], batch: 1, timeoutSeconds: 30)
    /// Draws ids and disturbances.
    package var seed: UInt64 = 3

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case account, encoding, delivery, seed
        case apiKey = "api_key"
        case gatewayURL = "gateway_url"
        case targetURL = "target_url"
        case hookLimit = "hook_limit"
    }
}
