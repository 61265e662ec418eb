import Foundation
import JSON
import PostgresClient

/// Counts what the demo did: in the database, and by asking the stand-in CRMs themselves.
struct DemoCount {
    private static let demoCounts = SQL(PackageResources.demo_counts_sql)
    private static let demoGenerations = SQL(PackageResources.demo_generations_sql)

    let pool: PostgresPool
    let cast: DemoCast

    /// The report.
    func report(seconds: Double) async throws -> DemoReport {
        var report = DemoReport()
        report.seconds = seconds
        report.model = cast.modelName
        report.generations = try await generations()
        guard let row = try await pool.query(Self.demoCounts).first else {
            throw CommandError.failed("the database does not answer")
        }
        let (deliveries, duplicates, events, optedOut, heldOut, outcomes, examples, unfinished, dead) =
            try row.decode(
                Int.self, Int.self, Int.self, Int.self, Int.self, Int.self, Int.self, Int.self, Int.self)
        (report.deliveries, report.duplicates, report.events) = (deliveries, duplicates, events)
        (report.optedOut, report.heldOut) = (optedOut, heldOut)
        (report.outcomes, report.examples) = (outcomes, examples)
        report.lost = max(0, try await cast.eventsSent() - events) + unfinished + dead
        return report
    }

    private func generations() async throws -> [DemoReport.Generation] {
        let standing = try await cast.content()
        return try await pool.query(Self.demoGenerations).map { row in
            let content = try JSONValue(parsing: row.decode("content", as: String?.self) ?? "{}").object ?? [:]
            let parts = content.compactMapValues(\.string)
            let tenant: String = try row.decode("tenant")
            let shown = try standing[tenant]?[row.decode("object_id", as: String.self)] ?? []
            let isProven = try row.decode("write_state", as: String.self) == "proven"
            let isLatest: Bool = try row.decode("is_latest")
            return DemoReport.Generation(
                id: try row.decode("id", as: UUID.self).uuidString.lowercased(), tenant: tenant,
                crm: try row.decode("system"), lead: try row.decode("key"), firstName: try row.decode("first_name"),
                stage: try row.decode("stage"), kind: try row.decode("kind"), content: parts,
                target: try row.decode("location"), isWritten: isProven,
                isReadBack: isProven && (!isLatest || parts.values.allSatisfy { shown.contains($0) }),
                modelSHA256: try row.decode("model_sha256"), seed: try row.decode("seed"),
                promptSHA256: try row.decode("prompt_sha256"), arm: try row.decode("arm"),
                slots: try JSONValue(parsing: row.decode("slots", as: String.self)).array ?? [],
                tokens: try row.decode("tokens"), milliseconds: try row.decode("milliseconds"))
        }
    }
}
