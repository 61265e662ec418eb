public import CRM
import Foundation
public import HTTPTypes
import JSON

/// Salesforce's deliveries: outbound messages (SOAP), HTTP callouts of flows (JSON of our own design), and change
/// events (JSON as a CometD client sees them, one or a list).
///
/// Nothing signs them. Credential: `webhook_secret`, a long random text that the sender puts into the URL's path or
/// query, or into the header `X-API-Key` or `Authorization`. Besides, an organisation that names itself must be the
/// connection's account or in the option `organizations`.
///
/// Options of the connection:
/// - `organizations`: further organisation ids that may send, separated by commas.
/// - `outbound_message`: what an outbound message about a lead or contact means, as an event kind such as
///   `lead.created` or `stage.changed`. Without it a record is new when its `CreatedDate` equals its
///   `LastModifiedDate` (select both) or when its status is the first one, and has changed its stage otherwise.
/// - `outbound_message.<ActionId>`: the same for one outbound message.
/// - `initial_status`: the first lead status; `Open - Not Contacted` without it.
public struct SalesforceWebhooks: WebhookReader {
    /// The name under which we call the API, unless the connection's `client_id` is another.
    static let defaultClient = "Leadwright"

    private let connection: ConnectionSettings
    private let secret: SharedSecret?

    /// A reader for one connection.
    public init(connection: ConnectionSettings, credentials: Credentials) {
        self.connection = connection
        secret = credentials["webhook_secret"].map(SharedSecret.init)
    }

    public func verify(_ delivery: Delivery) -> DeliveryVerdict {
        guard let secret else { return .refused("connection \(connection.name) has no credential webhook_secret") }
        guard secret.isPresented(by: delivery) else { return .refused("the shared secret is missing or wrong") }
        // A body that cannot be read names nobody; reading it says what is wrong with it.
        guard let organization = organization(of: delivery) else { return .authentic }
        return isAllowed(organization) ? .authentic : .refused("the organisation is not one of this connection's")
    }

    public func parse(_ delivery: Delivery) throws(CRMError) -> [CRMEvent] {
        if isXML(delivery) {
            let message = try OutboundMessage(parsing: delivery.body)
            return OutboundMessageReading(connection: connection, message: message, receivedAt: delivery.receivedAt)
                .events()
        }
        let body = try delivery.json()
        guard body.array != nil || body.object != nil else {
            throw CRMError(.malformedDelivery, "the body is JSON, but neither a change event nor a flow's message")
        }
        return JSONDeliveryReading(connection: connection, receivedAt: delivery.receivedAt).events(body.array ?? [body])
    }

    /// The acknowledgement that an outbound message insists on; `{}` for the others, because a flow fails on an empty
    /// body.
    public func acknowledgement(of events: [CRMEvent]) -> HTTPResponse {
        guard events.contains(where: { $0.details["notification_id"] != nil }) else {
            return HTTPResponse(status: 200, contentType: "application/json", text: "{}")
        }
        return HTTPResponse(
            status: 200, contentType: "text/xml; charset=utf-8",
            text: """
                <?xml version="1.0" encoding="UTF-8"?>
                <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
                 <soapenv:Body>
                  <notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">
                   <Ack>true</Ack>
                  </notificationsResponse>
                 </soapenv:Body>
                </soapenv:Envelope>

                """)
    }

    private func isXML(_ delivery: Delivery) -> Bool {
        // The content type is the sender's claim; the first character decides between two formats.
        delivery.body.first { !($0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09) } == UInt8(ascii: "<")
            || delivery.headers["Content-Type"]?.lowercased().contains("xml") == true
    }

    private func organization(of delivery: Delivery) -> String? {
        if isXML(delivery) { return try? OutboundMessage(parsing: delivery.body).organizationID }
        return try? delivery.json()["organizationId"]?.string
    }

    private func isAllowed(_ organization: String) -> Bool {
        let further = connection.options["organizations"]?.split(separator: ",") ?? []
        let allowed = [connection.account] + further.map { $0.trimmingCharacters(in: .whitespaces) }
        return allowed.contains { SalesforceID.same($0, organization) }
    }
}
