public import CRM
import Cryptography
import Foundation
public import HTTPTypes
import JSON

/// HubSpot's webhooks: batches of events, and executions of our custom workflow action.
///
/// Credential: `client_secret`, the app's client secret (for a private app, the one on its Auth tab).
///
/// Options of the connection:
/// - `signature` = `v3`: refuse deliveries without a v3 signature, such as those of workflow actions and of private
///   apps that get none. Without it v1 and v2 are accepted when no v3 header is there.
/// - `action_expiration`: how long a workflow waits for an action, in ISO 8601; `PT2H` without it.
public struct HubSpotWebhooks: WebhookReader {
    private let connection: ConnectionSettings
    private let signature: HubSpotSignature?

    /// A reader for one connection.
    public init(connection: ConnectionSettings, credentials: Credentials) {
        self.connection = connection
        signature = credentials["client_secret"].flatMap { secret in
            secret.isEmpty
                ? nil
                : HubSpotSignature(
                    clientSecret: secret, requiresVersion3: connection.options["signature"] == "v3")
        }
    }

    public func verify(_ delivery: Delivery) -> DeliveryVerdict {
        signature?.verify(delivery) ?? .refused("connection \(connection.name) has no credential client_secret")
    }

    public func parse(_ delivery: Delivery) throws(CRMError) -> [CRMEvent] {
        let body = try delivery.json()
        let reading = HubSpotEventReading(connection: connection, receivedAt: delivery.receivedAt)
        switch body {
        case .array(let elements): return elements.map(reading.event)
        case .object where body["callbackId"] != nil: return [reading.action(body)]
        case .object: return [reading.event(body)]
        default: throw CRMError(.malformedDelivery, "the body is JSON, but neither a list of events nor an action")
        }
    }

    /// 200 without a body for events. A workflow action is told to wait: writing takes longer than HubSpot does.
    public func acknowledgement(of events: [CRMEvent]) -> HTTPResponse {
        guard events.contains(where: { $0.kind == .actionRequested }) else { return HTTPResponse(status: 200) }
        let answer: JSONValue = [
            "outputFields": [
                "hs_execution_state": "BLOCK",
                "hs_expiration_duration": .string(connection.options["action_expiration"] ?? "PT2H"),
            ]
        ]
        return HTTPResponse(status: 200, contentType: "application/json", text: answer.canonicalText)
    }
}
