import CRM
import Configuration
import Failpoints
import Foundation
import HTTPTypes
import Telemetry

/// Takes deliveries in: whose it is, whether it is authentic, what it says, committed, answered.
struct Intake: Sendable {
    let configuration: ConfigurationStore
    let deliveries: DeliveryCommits
    let metrics: Metrics
    let log: Log
    var now: @Sendable () -> Date = { Date() }

    /// Receives one webhook request for the connection of that name. While all places are taken it is refused before
    /// anything is looked at: the sender comes again, and what was acknowledged before is safe.
    func receive(_ request: HTTPRequest, connection name: String) async throws -> HTTPResponse {
        let response = try await deliveries.withPlace(bytes: request.body.count) {
            guard let connection = try await configuration.connection(named: name) else {
                throw GatewayError(.notFound, "no connection has this name; `leadwright apply` declares connections")
            }
            return try await take(request, for: connection)
        }
        if let response { return response }
        // Not read anew: the database may be what everything waits for.
        let connection = configuration.lastKnownConnection(named: name)
        metrics.count(Self.refused, ["connection": connection?.settings.name ?? "unknown", "reason": "overload"])
        throw GatewayError(
            .overloaded, "too much at once; try again in a few seconds", to: connection?.settings.system)
    }

    private func take(_ request: HTTPRequest, for connection: StoredConnection) async throws -> HTTPResponse {
        let settings = connection.settings
        let delivery = Delivery(
            method: request.method, uri: Self.uri(of: request, publicURL: settings.publicURL, name: settings.name),
            headers: request.headers, body: request.body, receivedAt: now())
        let reader = webhookReader(for: connection)
        if case .refused(let reason) = reader.verify(delivery) {
            refuse("signature", reason, settings)
            throw GatewayError(.unauthorized, reason)
        }
        Failpoint.reach(.deliveryVerified)
        let events: [CRMEvent]
        do {
            events = try reader.parse(delivery)
        } catch {
            refuse("malformed", error.message, settings)
            throw GatewayError(.malformed, error.message, underlying: error)
        }
        try await store(events, from: delivery, for: connection)
        Failpoint.reach(.deliveryCommitted)
        return reader.acknowledgement(of: events)
    }

    private func store(_ events: [CRMEvent], from delivery: Delivery, for connection: StoredConnection) async throws {
        let settings = connection.settings
        let acceptance: Acceptance
        do {
            acceptance = try await deliveries.accept(
                Arrival(events, from: delivery, connection: connection.id, tenant: connection.tenantID))
        } catch let error where DeliveryStore.mayBeOneDelivery(error) {
            refuse("unstorable", "\(error)", settings)
            throw GatewayError(.unstorable, "the database cannot hold a value in it", underlying: error)
        } catch {
            refuse("database", "\(error)", settings)
            throw GatewayError(
                .unavailable, "try again in a few seconds", to: settings.system, underlying: error)
        }
        metrics.count(Self.accepted, ["connection": settings.name])
        metrics.count(Self.events, ["connection": settings.name, "seen": "first"], by: acceptance.fresh)
        metrics.count(Self.events, ["connection": settings.name, "seen": "again"], by: acceptance.duplicates)
    }

    /// Counts and logs a refusal of what was looked at; those for overload are only counted, for there may be many.
    private func refuse(_ kind: String, _ reason: String, _ settings: ConnectionSettings) {
        metrics.count(Self.refused, ["connection": settings.name, "reason": kind])
        log(.warning, "delivery refused", ["connection": settings.name, "kind": kind, "reason": reason])
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
