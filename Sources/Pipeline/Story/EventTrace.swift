import Foundation
import JSON
import PostgresClient

/// A row of story_events.sql.
struct EventTrace: Sendable {
    /// By how much the clocks of two machines may differ before anybody need care.
    static let clockTolerance: TimeInterval = 60

    let id: Int64
    let tenant: Int64
    let connection: Int64
    let delivery: Int64
    /// The record that it is about, as lanes name it while the lead is not known.
    let object: String
    private let receivedAt: Date
    private let occurredAt: Date
    private let kind: String
    private let ignored: String?
    private let mergedIDs: String?
    private let body: String

    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode("id")
        tenant = try row.decode("tenant_id")
        connection = try row.decode("connection_id")
        delivery = try row.decode("delivery_id")
        receivedAt = try row.decode("received_at")
        occurredAt = try row.decode("occurred_at")
        kind = try row.decode("kind")
        object = try "\(row.decode("object_type", as: String.self)):\(row.decode("object_id", as: String.self))"
        ignored = try row.decode("ignored")
        mergedIDs = try row.decode("merged_ids")
        body = try row.decode("body")
    }

    /// The event as it came in, with the tenants that still exist.
    func line(tenants: Set<Int64>, showsContent: Bool) -> StoryLine {
        var text = "\(kind) of \(object), in delivery \(delivery)"
        var remarks: [StoryLine.Remark] = []
        let ahead = occurredAt.timeIntervalSince(receivedAt)
        if ahead > Self.clockTolerance {
            remarks.append(.clockAhead)
            text += ", which claims to have happened \(Int(ahead)) s after it arrived, and counts as of its arrival"
        }
        if !tenants.contains(tenant) { remarks.append(.tenantDeleted) }
        if let mergedIDs { text += ", which \(mergedIDs) became" }
        if let ignored { text += "; nothing came of it: \(ignored)" }
        return StoryLine(
            .event, String(id), at: receivedAt, text, remarks: remarks,
            content: showsContent ? try? JSONValue(parsing: body) : nil)
    }
}
