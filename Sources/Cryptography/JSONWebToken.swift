public import Foundation

/// JSON Web Tokens in compact form with RS256 (RFC 7515, RFC 7519, RFC 7518 section 3.3). Other algorithms are
/// refused whatever the token's header says.
public enum JSONWebToken {
    /// Signs the claims.
    public static func sign(_ claims: some Encodable, with key: RSAPrivateKey) throws(CryptographyError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let payload = try? encoder.encode(claims) else {
            throw CryptographyError(.invalidToken, "the claims cannot be written as JSON")
        }
        let signed = "\(Data(#"{"alg":"RS256","typ":"JWT"}"#.utf8).base64URL).\(payload.base64URL)"
        return "\(signed).\(try key.signSHA256(Data(signed.utf8)).base64URL)"
    }

    /// The claims of a token whose signature is right and whose `exp` (seconds since 1970) lies after `now`.
    /// Audience, issuer and subject are the caller's to compare.
    public static func verify<Claims: Decodable>(
        _ token: String, with key: RSAPublicKey, now: Date, as claims: Claims.Type = Claims.self
    ) throws(CryptographyError) -> Claims {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Data(base64URL: String(parts[0])),
            let payload = Data(base64URL: String(parts[1])), let signature = Data(base64URL: String(parts[2])),
            let algorithm = try? JSONDecoder().decode(Header.self, from: header).alg
        else { throw CryptographyError(.invalidToken, "not a signed JSON Web Token") }
        guard algorithm == "RS256" else {
            throw CryptographyError(.invalidToken, "the token is not signed with RS256")
        }
        guard key.verify(signature, over: Data("\(parts[0]).\(parts[1])".utf8)) else {
            throw CryptographyError(.invalidToken, "the token's signature does not match")
        }
        guard let expiration = try? JSONDecoder().decode(Expiration.self, from: payload).exp,
            expiration > now.timeIntervalSince1970
        else { throw CryptographyError(.expired, "the token has expired or names no expiration") }
        guard let result = try? JSONDecoder().decode(Claims.self, from: payload) else {
            throw CryptographyError(.invalidToken, "the token lacks a claim that is needed")
        }
        return result
    }

    private struct Header: Decodable { let alg: String }
    private struct Expiration: Decodable { let exp: Double }
}
