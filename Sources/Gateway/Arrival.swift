import CRM
import Foundation
import HTTPTypes
import JSON
import JobQueue

/// A verified delivery with its events, as it will be stored.
struct Arrival: Sendable {
    /// One of its events.
    struct Event: Sendable {
        let event: CRMEvent
        /// The event as JSON.
        let text: String
        /// Why it needs no job, or `nil` when it needs one.
        let ignored: String?
    }

    let connection: Int64
    let tenant: Int64
    let contentType: String
    let body: Data
    let events: [Event]

    init(_ events: [CRMEvent], from delivery: Delivery, connection: Int64, tenant: Int64) {
        self.connection = connection
        self.tenant = tenant
        contentType = delivery.headers["Content-Type"] ?? "application/octet-stream"
        body = delivery.body
        self.events = events.map { event in
            Event(event: event, text: event.storedText, ignored: Self.reasonToIgnore(event))
        }
    }

    /// The work that an event of it makes, or `nil` for one that is ignored.
    func job(for event: Event, id: Int64) -> NewJob? {
        guard event.ignored == nil else { return nil }
        let object = event.event.lead?.key ?? "\(event.event.objectType):\(event.event.objectID)"
        return NewJob(
            stage: "understand", tenantID: tenant, connectionID: connection,
            lane: Lane.name(connection: connection, object: object), payload: ["event": .integer(id)])
    }

    private static func reasonToIgnore(_ event: CRMEvent) -> String? {
        if event.causedByUs { return "our own write" }
        switch event.kind {
        case .unknown, .associationChanged, .gap: return event.details["note"] ?? "means nothing to us"
        default: return nil
        }
    }
}

/// What accepting a delivery did.
struct Acceptance: Sendable, Equatable {
    /// The events that were new.
    var fresh = 0
    /// The events that had been accepted before.
    var duplicates = 0
}
