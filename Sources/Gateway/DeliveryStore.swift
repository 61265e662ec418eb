import CRM
import Failpoints
import Foundation
import JSON
import JobQueue
import PostgresClient

/// Commits deliveries: requests, events and jobs in one transaction, or nothing.
struct DeliveryStore: Sendable {
    private static let acceptDeliveries = SQL(PackageResources.accept_deliveries_sql)

    let pool: PostgresPool
    let queue: JobQueue

    /// Stores deliveries of any connections in their order. Events whose key was seen before, also in an earlier one of
    /// these deliveries, are counted and otherwise left out; those that mean nothing to us, or that our own write caused,
    /// are stored without a job.
    ///
    /// - Returns: What became of each delivery, in order.
    func accept(_ arrivals: [Arrival]) async throws -> [Acceptance] {
        let events = arrivals.enumerated().flatMap { place, arrival in arrival.events.map { (place, $0) } }
        let values: [any PostgresValue] = [
            arrivals.map(\.connection), arrivals.map(\.tenant), arrivals.map(\.contentType), arrivals.map(\.body),
            arrivals.map(\.events.count),
            events.map { $0.0 + 1 }, events.map(\.1.event.dedupeKey), events.map(\.1.event.kind.rawValue),
            events.map(\.1.event.objectType), events.map(\.1.event.objectID), events.map { $0.1.event.lead?.key },
            events.map(\.1.event.occurredAt), events.map(\.1.ignored), events.map(\.1.text),
        ]
        return try await pool.transaction { transaction in
            var acceptances = arrivals.map { Acceptance(duplicates: $0.events.count) }
            var jobs: [NewJob] = []
            for row in try await transaction.query(Self.acceptDeliveries, values) {
                let (id, number) = try row.decode(Int64.self, Int.self)
                let (place, event) = events[number - 1]
                acceptances[place].fresh += 1
                acceptances[place].duplicates -= 1
                if let job = arrivals[place].job(for: event, id: id) { jobs.append(job) }
            }
            queue.enqueue(jobs, in: transaction)
            Failpoint.reach(.deliveryCommitting)
            return acceptances
        }
    }

    /// Whether an error of ``accept(_:)`` may be the fault of a value in one of the deliveries, so that the others could
    /// be stored without it: values of the wrong form (class 22) or that a constraint refuses (23), more than an index or
    /// a row holds (54), U+0000, and what Postgres has no better name for (XX).
    static func mayBeOneDelivery(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error.code {
        case .encoding, .uniqueViolation, .foreignKeyViolation, .checkViolation: return true
        case .server: return ["22", "23", "54", "XX"].contains((error.sqlState ?? "").prefix(2))
        default: return false
        }
    }
}
