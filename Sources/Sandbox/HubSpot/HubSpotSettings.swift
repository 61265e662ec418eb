/// What can be configured about a HubSpot portal.
package struct HubSpotSettings: SandboxSettings, Hashable {
    /// The account's id.
    package var portalID: Int64 = 8_112_233
    /// The app that the token belongs to; marks what it writes.
    package var appID: Int64 = 445_566
    /// The private app's token.
    package var accessToken = "pat-sandbox-hubspot-token"
    /// Signs webhooks.
    package var clientSecret = "sandbox-hubspot-client-secret"
    /// OAuth: the app's client id, …
    package var clientID = "sandbox-hubspot-client-id"
    /// … the refresh token it holds, …
    package var refreshToken = "sandbox-hubspot-refresh-token"
    /// … and how long an access token lives.
    package var tokenSeconds = 1800.0
    /// The key for an app's own settings (`hapikey`).
    package var developerKey = "sandbox-hubspot-developer-key"
    /// Where webhooks go; nothing is sent while it is empty.
    package var targetURL = ""
    /// What is sent.
    package var subscriptions: [HubSpotSubscription] = HubSpotSubscription.recommended
    /// Whether the first values of a new record are also reported as changes.
    package var reportsInitialValues = false
    /// How it is sent. The real schedule takes 24 hours.
    package var delivery = DeliveryPolicy(
        concurrency: 10, retrySeconds: [60, 300, 900, 1800, 3600, 7200, 14_400, 18_000, 18_000, 18_000],
        timeoutSeconds: 5)
    /// Calls in any ten seconds.
    package var burstLimit = 190
    /// Calls in a day.
    package var dailyLimit = 625_000
    /// Searches in any second.
    package var searchLimit = 5
    /// Draws ids and disturbances.
    package var seed: UInt64 = 1

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case subscriptions, delivery, seed
        case portalID = "portal_id"
        case appID = "app_id"
        case accessToken = "access_token"
        case clientSecret = "client_secret"
        case clientID = "client_id"
        case refreshToken = "refresh_token"
        case tokenSeconds = "token_seconds"
        case developerKey = "developer_key"
        case reportsInitialValues = "reports_initial_values"
        case targetURL = "target_url"
        case burstLimit = "burst_limit"
        case dailyLimit = "daily_limit"
        case searchLimit = "search_limit"
    }
}
