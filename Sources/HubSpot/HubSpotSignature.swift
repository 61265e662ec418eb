import CRM
import Cryptography
import Foundation
import HTTPTypes

/// HubSpot's request signatures, versions 1 to 3 (developers.hubspot.com, "Validating requests").
///
/// | | v1 | v2 | v3 |
/// | --- | --- | --- | --- |
/// | source | secret + body | secret + method + URI + body | method + URI + body + timestamp |
/// | function | SHA-256 | SHA-256 | HMAC-SHA-256 under the secret |
/// | text form | hexadecimal | hexadecimal | Base64 |
struct HubSpotSignature {
    /// A request older than this, or further in the future, may be replayed by somebody else.
    static let window: TimeInterval = 300

    let clientSecret: String
    /// Whether versions 1 and 2, which carry no time and so can be replayed for ever, are refused.
    let requiresVersion3: Bool

    /// Checks the delivery against the time at which it arrived. A v3 header decides alone: falling back to v1 after a
    /// stale v3 would allow the replay that v3 exists to prevent.
    func verify(_ delivery: Delivery) -> DeliveryVerdict {
        if let signature = delivery.headers["X-HubSpot-Signature-v3"] { return verifyVersion3(signature, delivery) }
        guard let signature = delivery.headers["X-HubSpot-Signature"] else {
            return .refused("no signature header; is this request from HubSpot?")
        }
        guard !requiresVersion3 else { return .refused("no v3 signature, and this connection accepts no other") }
        let version = delivery.headers["X-HubSpot-Signature-Version"] ?? "v1"
        let source: Data
        switch version {
        case "v1": source = Data(clientSecret.utf8) + delivery.body
        case "v2": source = Data("\(clientSecret)\(delivery.method)\(delivery.uri)".utf8) + delivery.body
        default: return .refused("unknown signature version; v1, v2 and v3 are known")
        }
        return equal(Hash.sha256(source).hexadecimal, signature)
            ? .authentic : .refused("\(version) signature does not match; is the client secret right?")
    }

    private func verifyVersion3(_ signature: String, _ delivery: Delivery) -> DeliveryVerdict {
        guard let timestamp = delivery.headers["X-HubSpot-Request-Timestamp"] else {
            return .refused("no X-HubSpot-Request-Timestamp header")
        }
        guard let milliseconds = Int64(timestamp) else {
            return .refused("X-HubSpot-Request-Timestamp is no number of milliseconds")
        }
        // Subtracting as floating point: an absurd timestamp must not overflow.
        let age = delivery.receivedAt.timeIntervalSince1970 - Double(milliseconds) / 1000
        guard age <= Self.window else { return .refused("timestamp is stale: more than 5 minutes old") }
        guard age >= -Self.window else {
            return .refused("timestamp lies more than 5 minutes in the future; is this machine's clock right?")
        }
        // The guide says to decode; the official clients hash the URI as it is. Both are tried.
        let decoded = Self.decodedByTable(delivery.uri)
        let matches = (decoded == delivery.uri ? [decoded] : [decoded, delivery.uri]).map { uri in
            let source = Data("\(delivery.method)\(uri)".utf8) + delivery.body + Data(timestamp.utf8)
            return equal(
                MessageAuthentication.hmacSHA256(source, key: Data(clientSecret.utf8)).base64EncodedString(), signature)
        }
        guard matches.contains(true) else {
            return .refused(
                signature.contains(" ")
                    ? "v3 signature does not match: a plus sign in the header became a space on the way"
                    : "v3 signature does not match; are the client secret and the public URL right?")
        }
        return .authentic
    }

    private func equal(_ expected: String, _ given: String) -> Bool {
        constantTimeEqual(Data(expected.utf8), Data(given.utf8))
    }

    /// The URI with the twelve escapes of the guide decoded, once and no others: `%20`, `%25` and `%253A` stay.
    static func decodedByTable(_ uri: String) -> String {
        var decoded = ""
        var rest = uri[...]
        while let percent = rest.firstIndex(of: "%") {
            decoded += rest[..<percent]
            let escape = rest[percent...].prefix(3)
            decoded += escapes[String(escape)] ?? String(escape)
            rest = rest[escape.endIndex...]
        }
        return decoded + rest
    }

    private static let escapes = [
        "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
        "%2A": "*", "%2C": ",", "%3B": ";",
    ]
}
