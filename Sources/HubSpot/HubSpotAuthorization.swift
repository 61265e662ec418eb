import CRM
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import Synchronization

/// Where the access token comes from: a private app's fixed one, or OAuth's refresh token.
struct HubSpotAuthorization: Sendable {
    let tokens: AccessTokens
    /// Whether another token can be had when one is refused.
    let isRenewable: Bool

    /// Takes `access_token`, or else `refresh_token` with `client_id` and `client_secret`.
    init(
        credentials: Credentials, connection: String, baseURL: String, client: HTTPClient,
        now: @escaping @Sendable () -> Date
    ) {
        if let token = credentials["access_token"] {
            isRenewable = false
            tokens = AccessTokens(now: now) { () throws(CRMError) in AccessToken(token) }
        } else if let refresh = credentials["refresh_token"], let id = credentials["client_id"],
            let secret = credentials["client_secret"]
        {
            isRenewable = true
            let login = OAuthRefresh(
                url: "\(baseURL)/oauth/v3/token", clientID: id, clientSecret: secret, refreshToken: refresh,
                client: client)
            tokens = AccessTokens(now: now) { () throws(CRMError) in try await login.token(now: now()) }
        } else {
            isRenewable = false
            tokens = AccessTokens(now: now) { () throws(CRMError) in
                throw CRMError(
                    .misconfigured,
                    "connection \(connection) needs the credential access_token (a private app's token), or "
                        + "refresh_token, client_id and client_secret")
            }
        }
    }
}

/// OAuth's refresh (OAuth guide, "Refresh tokens"), all parameters in the body.
private final class OAuthRefresh: Sendable {
    private let url: String
    private let clientID: String
    private let clientSecret: String
    private let refreshToken: Mutex<String>
    private let client: HTTPClient

    init(url: String, clientID: String, clientSecret: String, refreshToken: String, client: HTTPClient) {
        self.url = url
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = Mutex(refreshToken)
        self.client = client
    }

    func token(now: Date) async throws(CRMError) -> AccessToken {
        let form = FormEncoding.encode([
            (name: "grant_type", value: "refresh_token"), (name: "client_id", value: clientID),
            (name: "client_secret", value: clientSecret),
            (name: "refresh_token", value: refreshToken.withLock { $0 }),
        ])
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(
                    "POST", url, headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Data(form.utf8)))
        } catch {
            throw .noAnswer(from: .hubspot, mayHaveTakenEffect: false, underlying: error)
        }
        guard response.isSuccess else {
            let problem = HubSpotProblem(response)
            guard response.status == 400 else { throw problem.error }
            throw CRMError(
                .unauthorized, "HubSpot refuses the refresh token; authorise the app again", status: 400,
                correlationID: problem.correlationID)
        }
        let answer = try response.json()
        guard let text = answer["access_token"]?.string else {
            throw CRMError(
                .malformedAnswer, "the token endpoint's answer holds no access_token", status: response.status)
        }
        // The old one stays good unless a new one comes.
        if let next = answer["refresh_token"]?.string { refreshToken.withLock { $0 = next } }
        return AccessToken(text, expiresAt: answer["expires_in"]?.double.map { now.addingTimeInterval($0) })
    }
}
