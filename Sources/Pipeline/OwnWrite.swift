package import CRM
package import Foundation
import JSON
import PostgresClient

/// Something that we wrote to a lead, to be known again when the system reports it as a change. A system that names
/// who made a change is believed; this is for those that do not (a private app of HubSpot, a Zap that hands on what it
/// got).
package struct OwnWrite: Sendable, Hashable {
    private static let recentWrites = SQL(PackageResources.recent_writes_sql)

    package let target: String
    package let id: String
    package let fingerprint: String
    package let content: [String: String]
    package let generatedAt: Date?

    package init(target: String, id: String, fingerprint: String, content: [String: String], generatedAt: Date?) {
        self.target = target
        self.id = id
        self.fingerprint = fingerprint
        self.content = content
        self.generatedAt = generatedAt
    }

    /// Whether the event reports this write. Id and fingerprint are nobody else's values, wherever they stand; a text
    /// or time counts only as the value of one of the target's own properties. Pure.
    package func caused(_ event: CRMEvent) -> Bool {
        let marks = [id, fingerprint]
        if event.fields.values.contains(where: marks.contains) { return true }
        guard let value = event.value else { return false }
        if marks.contains(value) { return true }
        guard let property = event.property, property.hasPrefix(target) else { return false }
        if content.values.contains(where: value.isStoredForm) { return true }
        guard let time = Date(wire: value), let generatedAt else { return false }
        // Systems keep milliseconds at best.
        return abs(time.timeIntervalSince(generatedAt)) < 1
    }

    /// What was lately written to some leads, by their keys.
    static func recent(to leads: [String], in pool: PostgresPool) async throws -> [String: [OwnWrite]] {
        guard !leads.isEmpty else { return [:] }
        let writes = try await pool.query(recentWrites, [leads]).map { row in
            let (lead, target, fingerprint, id, content, generatedAt) = try row.decode(
                String.self, String.self, String.self, UUID.self, String.self, Date?.self)
            let parts = try JSONValue(parsing: content).object ?? [:]
            return (
                lead: lead,
                write: OwnWrite(
                    target: target, id: id.uuidString.lowercased(), fingerprint: fingerprint,
                    content: parts.compactMapValues(\.string), generatedAt: generatedAt)
            )
        }
        return Dictionary(grouping: writes, by: \.lead).mapValues { $0.map(\.write) }
    }
}
