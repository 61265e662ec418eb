import Cryptography
import Foundation
import HTTPTypes
import JSON

/// Who may call: a session that the token endpoint gave out.
extension SalesforceOrg {
    func authorize(_ call: Call) throws(Refusal) {
        guard let token = call.bearerToken, let end = sessions[token], call.now < end else {
            throw SalesforceProblem("INVALID_SESSION_ID", "Session expired or invalid").refusal
        }
    }

    /// `POST /services/oauth2/token`.
    mutating func issueToken(_ call: Call) throws(Refusal) -> HTTPResponse {
        guard call.request.method == "POST" else { throw tokenRefusal("invalid_request", "must use HTTP POST") }
        let form = call.form
        switch form["grant_type"] {
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            try check(assertion: form["assertion"] ?? "", now: call.now)
        case "client_credentials":
            let (key, secret) = basicCredentials(call) ?? (form["client_id"] ?? "", form["client_secret"] ?? "")
            guard key == settings.consumerKey else {
                throw tokenRefusal("invalid_client_id", "client identifier invalid")
            }
            guard secret == settings.consumerSecret else {
                throw tokenRefusal("invalid_client", "invalid client credentials")
            }
        default: throw tokenRefusal("unsupported_grant_type", "grant type not supported")
        }
        let token = "\(settings.organizationID.prefix(15))!AQ\(random.uuid().replacing("-", with: ""))"
        sessions[token] = call.now.addingTimeInterval(settings.sessionSeconds)
        // Whoever found the token endpoint finds the instance at the same address, behind whatever port mapping.
        let instance = call.request.headers["Host"].map { "http://\($0)" } ?? address
        return .json([
            "access_token": .string(token), "instance_url": .string(instance),
            "id": .string("\(instance)/id/\(settings.organizationID)/\(userID)"), "token_type": "Bearer",
            "scope": "api",
        ])
    }

    /// Checks in the order in which Salesforce's own messages come.
    private func check(assertion: String, now: Date) throws(Refusal) {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let payload = Data(base64URL: parts[1]), let signature = Data(base64URL: parts[2]),
            let body = try? JSONValue(parsing: payload)
        else { throw tokenRefusal("invalid_grant", "invalid assertion") }
        guard body["iss"]?.string == settings.consumerKey else {
            throw tokenRefusal("invalid_client_id", "client identifier invalid")
        }
        guard let key = try? RSAPublicKey(pem: settings.publicKey),
            key.verify(signature, over: Data("\(parts[0]).\(parts[1])".utf8))
        else { throw tokenRefusal("invalid_grant", "invalid assertion") }
        guard settings.audiences.contains(body["aud"]?.string ?? "") else {
            throw tokenRefusal("invalid_grant", "audience is invalid")
        }
        // simple-salesforce writes the number as text. Milliseconds are taken for a time far away and refused.
        let expiry = body["exp"]?.double ?? (body["exp"]?.string).flatMap(Double.init) ?? 0
        let left = expiry - now.timeIntervalSince1970
        guard left > 0, left < 86_400 else { throw tokenRefusal("invalid_grant", "expired authorization code") }
        guard body["sub"]?.string == settings.username else {
            throw tokenRefusal("invalid_grant", "user hasn't approved this consumer")
        }
    }

    private func basicCredentials(_ call: Call) -> (String, String)? {
        guard let header = call.request.headers["Authorization"], header.hasPrefix("Basic "),
            let decoded = Data(base64Encoded: String(header.dropFirst(6)))
        else { return nil }
        let parts = String(decoding: decoded, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    private func tokenRefusal(_ error: String, _ description: String) -> Refusal {
        Refusal(.json(["error": .string(error), "error_description": .string(description)], status: 400))
    }
}
