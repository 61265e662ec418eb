package import Foundation
import Cryptography
package import HTTPTypes
import JSON

/// How events travel: an array in one POST, signed when it is sent.
extension HubSpotPortal {
    package mutating func request(for attempt: DeliveryAttempt<HubSpotEvent>, now: Date) -> HTTPRequest {
        let events = attempt.messages.map { event in
            event.json(portalID: settings.portalID, appID: settings.appID, attempt: attempt.number)
        }
        let body = JSONValue.array(events).canonicalData
        let time = String(Timestamp.milliseconds(now))
        let secret = Data(settings.clientSecret.utf8)
        let signed = Data("POST\(Self.decoded(settings.targetURL))".utf8) + body + Data(time.utf8)
        return HTTPRequest(
            "POST", settings.targetURL,
            headers: [
                "Content-Type": "application/json", "User-Agent": "HubSpot Connect 2.0 (Leadwright sandbox)",
                "X-HubSpot-Signature": Hash.sha256(secret + body).hexadecimal,
                "X-HubSpot-Signature-Version": "v1",
                "X-HubSpot-Signature-v3": MessageAuthentication.hmacSHA256(signed, key: secret).base64EncodedString(),
                "X-HubSpot-Request-Timestamp": time,
            ], body: body)
    }

    package mutating func accepts(_ response: HTTPResponse?, for attempt: DeliveryAttempt<HubSpotEvent>, now: Date)
        -> Bool
    {
        response?.isSuccess == true
    }

    /// The address with the twelve sequences decoded that HubSpot decodes before it signs, each once.
    static func decoded(_ url: String) -> String {
        let table = [
            "3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(", "29": ")",
            "2A": "*", "2C": ",", "3B": ";",
        ]
        var pieces = url.split(separator: "%", omittingEmptySubsequences: false).map(String.init)
        for place in pieces.indices.dropFirst() {
            let code = String(pieces[place].prefix(2))
            pieces[place] = table[code].map { $0 + pieces[place].dropFirst(2) } ?? "%" + pieces[place]
        }
        return pieces.joined()
    }
}
