import Foundation
import HTTPTypes
import JSON

/// Who may call: the private app's token, or an OAuth token that was issued here.
extension HubSpotPortal {
    static let tokenRoutes: [Route<HubSpotPortal>] = [
        Route("POST", "/oauth/v3/token") { try $0.issueToken($1) },
        Route("POST", "/oauth/v1/token") { try $0.issueToken($1) },
    ]

    mutating func authorize(_ call: Call) throws(Refusal) {
        guard let token = call.bearerToken else {
            throw refusal(
                401, "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
            )
        }
        guard token != settings.accessToken else { return }
        guard let expiry = issuedTokens[token] else {
            throw refusal(401, "INVALID_AUTHENTICATION", "The OAuth token used to make this call is invalid.")
        }
        guard call.now < expiry else {
            let age = Int(call.now.timeIntervalSince(expiry))
            throw refusal(
                401, "EXPIRED_AUTHENTICATION",
                "The OAuth token used to make this call expired \(age) second(s) ago.")
        }
    }

    /// The webhook settings of an app are changed with the developer account's key.
    mutating func authorizeDeveloper(_ call: Call) throws(Refusal) {
        guard call.query("hapikey") == settings.developerKey else { return try authorize(call) }
    }

    private mutating func issueToken(_ call: Call) throws(Refusal) -> HTTPResponse {
        // The older endpoint also reads the query.
        var form = call.form
        if call.request.path.contains("/v1/") {
            for pair in call.request.query { form[pair.name] = form[pair.name] ?? pair.value }
        }
        guard form["client_id"] == settings.clientID, form["client_secret"] == settings.clientSecret else {
            throw tokenRefusal("BAD_CLIENT_ID", "missing or unknown client id or secret")
        }
        switch form["grant_type"] {
        case "refresh_token":
            guard form["refresh_token"] == settings.refreshToken else {
                throw tokenRefusal("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
            }
        case "client_credentials": break
        default: throw tokenRefusal("BAD_GRANT_TYPE", "missing or unknown grant type")
        }
        // As long as real ones may become.
        let token = (0..<8).map { _ in random.uuid().replacing("-", with: "") }.joined()
        issuedTokens[token] = call.now.addingTimeInterval(settings.tokenSeconds)
        return .json([
            "access_token": .string(token), "refresh_token": .string(settings.refreshToken),
            "expires_in": .integer(Int64(settings.tokenSeconds)), "token_type": "bearer",
            "token_use": "access_token", "hub_id": .integer(settings.portalID), "user_id": 52310,
            "scopes": ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"],
        ])
    }

    private mutating func tokenRefusal(_ status: String, _ message: String) -> Refusal {
        Refusal(
            .json(
                [
                    "status": .string(status), "message": .string(message),
                    "correlationId": .string(random.uuid()),
                ], status: 400))
    }
}
