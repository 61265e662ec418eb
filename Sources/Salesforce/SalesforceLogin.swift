import CRM
import Cryptography
import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// Server-to-server login: a signed assertion for a pre-authorised user, or client credentials.
struct SalesforceLogin: Sendable {
    /// How the app proves itself.
    private enum Grant: Sendable {
        case assertion(RSAPrivateKey, consumerKey: String, username: String, audience: String)
        case clientCredentials(consumerKey: String, consumerSecret: String)
        case impossible(String)
    }

    private let grant: Grant
    private let url: String
    private let client: HTTPClient
    private let now: @Sendable () -> Date

    init(
        connection: ConnectionSettings, credentials: Credentials, client: HTTPClient,
        now: @escaping @Sendable () -> Date
    ) {
        let audience = connection.options["audience"] ?? "https://login.salesforce.com"
        url = "\(connection.baseURL ?? audience)/services/oauth2/token"
        self.client = client
        self.now = now
        grant = Self.grant(connection, credentials, audience: audience)
    }

    private static func grant(_ connection: ConnectionSettings, _ credentials: Credentials, audience: String) -> Grant {
        guard let consumerKey = credentials["consumer_key"] else {
            return .impossible("connection \(connection.name) needs the credential consumer_key")
        }
        if let pem = credentials["private_key"] {
            guard let username = connection.options["username"] else {
                return .impossible("connection \(connection.name) needs the option username, whom the app acts for")
            }
            guard let key = try? RSAPrivateKey(pem: pem) else {
                return .impossible("the credential private_key is no unencrypted RSA key in PEM")
            }
            return .assertion(key, consumerKey: consumerKey, username: username, audience: audience)
        }
        guard let consumerSecret = credentials["consumer_secret"] else {
            return .impossible("connection \(connection.name) needs the credential private_key or consumer_secret")
        }
        return .clientCredentials(consumerKey: consumerKey, consumerSecret: consumerSecret)
    }

    /// A new session. It has no stated end; Salesforce refuses it when it is over.
    func token() async throws(CRMError) -> AccessToken {
        let request = try request()
        let response: HTTPResponse
        do {
            response = try await client.send(request)
        } catch {
            throw .noAnswer(from: .salesforce, mayHaveTakenEffect: false, underlying: error)
        }
        guard response.isSuccess else { throw failure(response) }
        let answer = try response.json()
        guard let text = answer["access_token"]?.string, let instance = answer["instance_url"]?.string else {
            throw CRMError(
                .malformedAnswer, "the token endpoint's answer holds no access_token or instance_url",
                status: response.status)
        }
        return AccessToken(text, baseURL: instance)
    }

    private func request() throws(CRMError) -> HTTPRequest {
        var request = HTTPRequest("POST", url, headers: ["Content-Type": "application/x-www-form-urlencoded"])
        switch grant {
        case .assertion(let key, let consumerKey, let username, let audience):
            let claims = Claims(
                iss: consumerKey, sub: username, aud: audience, exp: Int64(now().timeIntervalSince1970) + 180)
            let assertion: String
            do {
                assertion = try JSONWebToken.sign(claims, with: key)
            } catch {
                throw CRMError(.misconfigured, "the assertion cannot be signed", underlying: error)
            }
            let form = FormEncoding.encode([
                (name: "grant_type", value: "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                (name: "assertion", value: assertion),
            ])
            request.body = Data(form.utf8)
        case .clientCredentials(let consumerKey, let consumerSecret):
            let pair = Data("\(consumerKey):\(consumerSecret)".utf8).base64EncodedString()
            request.headers["Authorization"] = "Basic \(pair)"
            request.body = Data("grant_type=client_credentials".utf8)
        case .impossible(let reason): throw CRMError(.misconfigured, reason)
        }
        return request
    }

    /// OAuth errors are objects, unlike those of the API.
    private func failure(_ response: HTTPResponse) -> CRMError {
        guard (400..<500).contains(response.status), response.status != 429,
            let error = try? JSONValue(parsing: response.body)["error"]?.string
        else { return SalesforceProblem(response).error }
        return CRMError(
            .unauthorized,
            "Salesforce refuses the login (\(error)): check the app's consumer key, that the user is pre-authorised for "
                + "it, the audience, and this machine's clock", status: response.status)
    }

    private struct Claims: Encodable {
        let iss: String
        let sub: String
        let aud: String
        let exp: Int64
    }
}
