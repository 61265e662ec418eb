import Personalization
import PostgresClient

/// A message that was due and is not made or not written, and why.
struct Suppression: Sendable {
    private static let recordSuppression = SQL(PackageResources.suppress_sql)

    let tenantID: Int64
    let leadID: Int64
    let eventID: Int64
    let playbook: String
    let reason: SuppressionReason
    /// For operators; no personal data.
    let detail: String
    /// Where it was found out.
    let stage: Stage

    init(
        tenantID: Int64, leadID: Int64, eventID: Int64, playbook: String, _ reason: SuppressionReason, _ detail: String,
        at stage: Stage
    ) {
        self.tenantID = tenantID
        self.leadID = leadID
        self.eventID = eventID
        self.playbook = playbook
        self.reason = reason
        self.detail = detail
        self.stage = stage
    }

    /// Of a message that was planned.
    init(of generation: StoredGeneration, _ reason: SuppressionReason, _ detail: String, at stage: Stage) {
        self.init(
            tenantID: generation.tenantID, leadID: generation.leadID, eventID: generation.eventID,
            playbook: generation.playbook, reason, detail, at: stage)
    }

    /// Keeps it. The first reason for a message stays.
    func record(in transaction: PostgresConnection) {
        transaction.send(
            Self.recordSuppression,
            [tenantID, leadID, eventID, playbook, reason.rawValue, detail, stage.rawValue])
    }
}
