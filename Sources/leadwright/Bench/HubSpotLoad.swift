import Cryptography
import Foundation

/// HubSpot's deliveries of one fresh event each, signed with v3, as bytes to send.
struct HubSpotLoad {
    let portal: String
    let secret: String
    let target: String
    let publicURL: String
    /// The number of the first event; those of later runs on the same database must lie behind it.
    let firstEvent: Int64

    /// Leads that the events are spread over: enough that two events of one are rarely at work at once.
    private static let leads: Int64 = 100_000

    /// The request number `index`, signed now. One costs a few microseconds.
    func request(_ index: Int) -> [UInt8] {
        let event = firstEvent + Int64(index)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let body = """
            [{"appId":445566,"eventId":\(event),"subscriptionId":3101,"portalId":\(portal),"occurredAt":\(now),\
            "subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":\(1000 + event % Self.leads),\
            "propertyName":"lifecyclestage","propertyValue":"marketingqualifiedlead","changeSource":"CRM_UI",\
            "sourceId":"userId:4711"}]
            """
        let signature = MessageAuthentication.hmacSHA256(
            Data("POST\(publicURL)\(body)\(now)".utf8), key: Data(secret.utf8))
        return Array(
            """
            POST \(target) HTTP/1.1\r
            Host: 127.0.0.1\r
            User-Agent: HubSpot Webhooks\r
            Content-Type: application/json\r
            X-HubSpot-Request-Timestamp: \(now)\r
            X-HubSpot-Signature-v3: \(signature.base64EncodedString())\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
    }
}
