import CRM
import Foundation
import HTTPTypes
import JSON
import JobQueue
import PostgresClient

/// What accepting a delivery did.
struct Acceptance: Sendable, Equatable {
    /// The events that were new.
    var fresh: Int
    /// The events that had been accepted before.
    var duplicates: Int
    /// The new events that make work.
    var queued: Int
}

/// Commits deliveries: request, events and jobs in one transaction, or nothing.
struct DeliveryStore: Sendable {
    private static let acceptDelivery = SQL(PackageResources.accept_delivery_sql)

    let pool: PostgresPool
    let queue: JobQueue

    /// Stores a delivery. Events whose key was seen before are counted and otherwise left out; those that mean
    /// nothing to us, or that our own write caused, are stored without a job.
    func accept(
        _ events: [CRMEvent], from delivery: Delivery, connection: Int64, tenant: Int64
    ) async throws -> Acceptance {
        let contentType = delivery.headers["Content-Type"] ?? "application/octet-stream"
        let values: [any PostgresValue] = [
            connection, tenant, contentType, delivery.body,
            events.map(\.dedupeKey), events.map(\.kind.rawValue), events.map(\.objectType), events.map(\.objectID),
            events.map { $0.lead?.key }, events.map(\.occurredAt), events.map(Self.reasonToIgnore),
            events.map(\.storedText),
        ]
        let acceptance = try await pool.transaction { transaction in
            let rows = try await transaction.query(Self.acceptDelivery, values)
            var jobs: [NewJob] = []
            for row in rows {
                let (id, makesWork, object) = try row.decode(Int64.self, Bool.self, String.self)
                guard makesWork else { continue }
                jobs.append(
                    NewJob(
                        stage: "understand", tenantID: tenant, connectionID: connection,
                        lane: Lane.name(connection: connection, object: object), payload: ["event": .integer(id)]))
            }
            if !jobs.isEmpty { _ = try await queue.enqueue(jobs, in: transaction) }
            return Acceptance(fresh: rows.count, duplicates: events.count - rows.count, queued: jobs.count)
        }
        if acceptance.queued > 0 { await queue.wake() }
        return acceptance
    }

    /// Why an event needs no job, or `nil` when it needs one.
    static func reasonToIgnore(_ event: CRMEvent) -> String? {
        if event.causedByUs { return "our own write" }
        switch event.kind {
        case .unknown, .associationChanged, .gap: return event.details["note"] ?? "means nothing to us"
        default: return nil
        }
    }
}
