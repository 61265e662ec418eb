public import CRM
import Foundation
public import HTTPTypes
import JSON

/// Calls of "Webhooks by Zapier" and of our own app's actions: JSON or a form.
///
/// Nothing signs them. Credential: `api_key`, a long random text that the Zap sends in the header `X-API-Key`, as a
/// bearer token, as the password of Basic authentication, or in the URL.
///
/// The body names an `event` (`lead.created`, `lead.stage_changed` with a `stage`, `email.clicked`, `deal.won`, …) and
/// the lead by `lead_id` or `email`; an `id` makes repeated calls one event, `occurred_at` says when it happened.
/// Everything else is a field of the lead.
public struct ZapierWebhooks: WebhookReader {
    private let connection: ConnectionSettings
    private let secret: SharedSecret?

    /// A reader for one connection.
    public init(connection: ConnectionSettings, credentials: Credentials) {
        self.connection = connection
        secret = credentials["api_key"].map(SharedSecret.init)
    }

    public func verify(_ delivery: Delivery) -> DeliveryVerdict {
        guard let secret else { return .refused("connection \(connection.name) has no credential api_key") }
        return secret.isPresented(by: delivery) ? .authentic : .refused("the API key is missing or wrong")
    }

    public func parse(_ delivery: Delivery) throws(CRMError) -> [CRMEvent] {
        let reading = ZapierEventReading(connection: connection, receivedAt: delivery.receivedAt)
        guard isJSON(delivery) else { return [reading.event(try form(delivery.body))] }
        let body = try delivery.json()
        guard body.array != nil || body.object != nil else {
            throw CRMError(.malformedDelivery, "the body is JSON, but neither an event nor a list of events")
        }
        return (body.array ?? [body]).map(reading.event)
    }

    /// 200 with a JSON object, which is what a Zap's history shows.
    public func acknowledgement(of events: [CRMEvent]) -> HTTPResponse {
        HTTPResponse(status: 200, contentType: "application/json", text: #"{"status":"accepted"}"#)
    }

    /// The content type decides; without a telling one, the first character does.
    private func isJSON(_ delivery: Delivery) -> Bool {
        let type = delivery.headers["Content-Type"]?.lowercased() ?? ""
        if type.contains("json") { return true }
        if type.contains("x-www-form-urlencoded") { return false }
        let first = delivery.body.first { !($0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private func form(_ body: Data) throws(CRMError) -> JSONValue {
        guard let text = String(validating: body, as: UTF8.self), text.contains("="), !text.hasPrefix("<") else {
            throw CRMError(.malformedDelivery, "the body is neither JSON nor a form")
        }
        // `Delivery.json()` does the same with the other format.
        let pairs = FormEncoding.decode(text.trimmingCharacters(in: .whitespacesAndNewlines))
            .map { ($0.name.storable, JSONValue.string($0.value.storable)) }
        return .object(Dictionary(pairs) { _, last in last })
    }
}
