import Foundation
import JSON
import PostgresClient

/// The row of story_lead.sql.
struct LeadTrace: Sendable {
    let id: Int64
    let tenant: Int64
    let connection: Int64
    let erasedAt: Date?
    let survivor: String?
    private let fields: String
    private let optedOutAt: Date?
    private let mergedAt: Date
    private let firstMetAt: Date

    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode("id")
        tenant = try row.decode("tenant_id")
        connection = try row.decode("connection_id")
        erasedAt = try row.decode("erased_at")
        survivor = try row.decode("survivor")
        fields = try row.decode("fields")
        optedOutAt = try row.decode("opted_out_at")
        mergedAt = try row.decode("merged_at")
        firstMetAt = try row.decode("created_at")
    }

    func lines(showsContent: Bool) -> [StoryLine] {
        let fields = showsContent ? try? JSONValue(parsing: fields) : nil
        var lines = [StoryLine(.lead, String(id), at: firstMetAt, "met for the first time", content: fields)]
        if let optedOutAt { lines.append(StoryLine(.optOut, at: optedOutAt, "wants no messages from then on")) }
        if let survivor { lines.append(StoryLine(.merge, survivor, at: mergedAt, "merged into \(survivor)")) }
        if let erasedAt { lines.append(.erasure(at: erasedAt)) }
        return lines
    }
}
