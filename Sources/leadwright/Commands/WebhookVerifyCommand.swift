import CRM
import Foundation
import HTTPTypes
import HubSpot
import JSON

extension Command {
    /// `leadwright webhook verify`
    static let webhookVerify = Command(
        "webhook verify", "Say whether requests are signed as they should be, and why not.",
        discussion: """
            Reads JSON Lines {"client_secret", "method", "uri", "headers": {…}, "body_base64", "now_ms"} and writes
            {"valid": false, "reason": "timestamp is stale: more than 5 minutes old"} for each. "uri" is the full
            address that HubSpot was told to call. "now_ms" is the present time unless given.
            """,
        options: [Option("--source", "SYSTEM", "hubspot, the only system that signs.", required: true)]
    ) { arguments in
        _ = try WebhookLines.source(arguments, among: [.hubspot])
        try JSONLines.answer(refusal: { ["valid": false, "reason": .string($0)] }) { line in
            guard let secret = line["client_secret"]?.string else {
                throw CommandError.failed("\"client_secret\" must be a string")
            }
            guard let uri = line["uri"]?.string else { throw CommandError.failed("\"uri\" must be a string") }
            let headers = HTTPHeaders(
                (line["headers"]?.object ?? [:]).sorted { $0.key < $1.key }
                    .map { (name: $0.key, value: $0.value.scalarText ?? "") })
            let delivery = Delivery(
                method: line["method"]?.string?.uppercased() ?? "POST", uri: uri, headers: headers,
                body: try WebhookLines.body(of: line),
                receivedAt: line["now_ms"]?.scalarText.flatMap(Date.init(wire:)) ?? Date())
            let reader = HubSpotWebhooks(
                connection: ConnectionSettings(name: "line", system: .hubspot, account: "", publicURL: uri),
                credentials: Credentials(["client_secret": secret]))
            switch reader.verify(delivery) {
            case .authentic: return ["valid": true, "reason": "the signature matches"]
            case .refused(let reason): return ["valid": false, "reason": .string(reason)]
            }
        }
    }
}
