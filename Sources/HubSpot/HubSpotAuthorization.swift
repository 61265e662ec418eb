import CRM
import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// Where the access token comes from: a private app's fixed one, or OAuth's refresh token.
struct HubSpotAuthorization: Sendable {
    let tokens: AccessTokens
    /// Whether another token can be had when one is refused.
    let isRenewable: Bool

    /// Takes `access_token`, or else `refresh_token` with `client_id` and `client_secret`.
    init(
        credentials: Credentials, connection: String, baseURL: String, client: HTTPClient,
        logins: any LoginStore, now: @escaping @Sendable () -> Date
    ) {
        if let token = credentials["access_token"] {
            isRenewable = false
            tokens = AccessTokens(now: now) { (_) throws(CRMError) in Login(token: AccessToken(token)) }
        } else if let refresh = credentials["refresh_token"], let id = credentials["client_id"],
            let secret = credentials["client_secret"]
        {
            isRenewable = true
            let login = OAuthRefresh(
                url: "\(baseURL)/oauth/v3/token", clientID: id, clientSecret: secret, refreshToken: refresh,
                client: client)
            tokens = AccessTokens(now: now, store: logins) { (kept) throws(CRMError) in
                try await login.renewed(after: kept, now: now())
            }
        } else {
            isRenewable = false
            tokens = AccessTokens(now: now) { (_) throws(CRMError) in
                throw CRMError(
                    .misconfigured,
                    "connection \(connection) needs the credential access_token (a private app's token), or "
                        + "refresh_token, client_id and client_secret")
            }
        }
    }
}

/// OAuth's refresh (OAuth guide, "Refresh tokens"), all parameters in the body.
private struct OAuthRefresh: Sendable {
    let url: String
    let clientID: String
    let clientSecret: String
    /// As it was declared; a login may have handed out its successor.
    let refreshToken: String
    let client: HTTPClient

    func renewed(after kept: Login?, now: Date) async throws(CRMError) -> Login {
        let refreshToken = kept?.refreshToken ?? refreshToken
        let form = FormEncoding.encode([
            (name: "grant_type", value: "refresh_token"), (name: "client_id", value: clientID),
            (name: "client_secret", value: clientSecret), (name: "refresh_token", value: refreshToken),
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
        return Login(
            token: AccessToken(text, expiresAt: answer["expires_in"]?.double.map { now.addingTimeInterval($0) }),
            // The old one stays good unless a new one comes.
            refreshToken: answer["refresh_token"]?.string ?? refreshToken)
    }
}
