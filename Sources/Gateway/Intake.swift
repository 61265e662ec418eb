import CRM
import Configuration
import Failpoints
import Foundation
import HTTPTypes
import Telemetry

/// Takes deliveries in: whose it is, whether it is authentic, what it says, committed, answered.
struct Intake: Sendable {
    let configuration: ConfigurationStore
    let deliveries: DeliveryStore
    let metrics: Metrics
    let log: Log
    var now: @Sendable () -> Date = { Date() }

    /// Receives one webhook request for the connection of that name.
    func receive(_ request: HTTPRequest, connection name: String) async throws -> HTTPResponse {
        guard let connection = try await configuration.connection(named: name) else {
            throw GatewayError(.notFound, "no connection has this name; `leadwright apply` declares connections")
        }
        let settings = connection.settings
        let delivery = Delivery(
            method: request.method, uri: Self.uri(of: request, publicURL: settings.publicURL, name: name),
            headers: request.headers, body: request.body, receivedAt: now())
        let reader = webhookReader(for: connection)
        if case .refused(let reason) = reader.verify(delivery) {
            metrics.count(Self.refused, ["connection": name, "reason": "signature"])
            log(.warning, "delivery refused", ["connection": name, "reason": reason])
            throw GatewayError(.unauthorized, reason)
        }
        Failpoint.reach(.deliveryVerified)
        let events: [CRMEvent]
        do {
            events = try reader.parse(delivery)
        } catch {
            metrics.count(Self.refused, ["connection": name, "reason": "malformed"])
            log(.warning, "delivery unreadable", ["connection": name, "reason": error.message])
            throw GatewayError(.malformed, error.message, underlying: error)
        }
        let acceptance = try await deliveries.accept(
            events, from: delivery, connection: connection.id, tenant: connection.tenantID)
        metrics.count(Self.accepted, ["connection": name])
        metrics.count(Self.events, ["connection": name, "seen": "first"], by: acceptance.fresh)
        metrics.count(Self.events, ["connection": name, "seen": "again"], by: acceptance.duplicates)
        Failpoint.reach(.deliveryCommitted)
        return reader.acknowledgement(of: events)
    }

    /// The address that the system called: the configured one, with whatever followed the connection's name. The
    /// request's own host is never used, for anybody can set it.
    static func uri(of request: HTTPRequest, publicURL: String, name: String) -> String {
        guard let range = request.target.range(of: "/webhooks/\(name)") else { return publicURL }
        return publicURL + request.target[range.upperBound...]
    }

    private static let accepted = Metrics.Counter("leadwright_deliveries_accepted_total", "Deliveries committed.")
    private static let refused = Metrics.Counter(
        "leadwright_deliveries_refused_total", "Deliveries refused, by reason.")
    private static let events = Metrics.Counter(
        "leadwright_events_total", "Events in committed deliveries, by whether they were seen before.")
}
