public import CRM
public import Foundation

/// What becomes of one playbook for one event and lead.
public enum Decision: Sendable, Hashable {
    /// The message is to be made.
    case generate(MessagePlan)
    /// The message was due and must not be made; the detail holds no personal data.
    case suppress(SuppressionReason, detail: String)
    /// No message was due.
    case ignore(String)
}

/// Why a message that was due is not made or not written; as stored.
public enum SuppressionReason: String, Sendable, Hashable, Codable, CaseIterable {
    case optedOut = "opted_out"
    case noConsent = "no_consent"
    case holdout
    case gone
    case incomplete
    /// It could not be written while it was worth sending.
    case stale
}

/// A message that is to be made.
public struct MessagePlan: Sendable, Hashable {
    /// The playbook in force.
    public let playbook: VersionedPlaybook
    /// The lead's stage.
    public let stage: FunnelStage
    /// Whether the model writes (`treatment`) or the tenant's template stands (`baseline`).
    public let arm: Arm
    /// When the message becomes stale.
    public let validUntil: Date
}

extension VersionedPlaybook {
    /// Decides on one message. Pure: the same arguments give the same answer.
    ///
    /// Consent comes first: nothing is drawn or looked at for somebody who may not be written to. Then completeness,
    /// so that those held out and those written to are the same kind of people. Then the arm. The caller stores the
    /// assignment when the answer is `generate` or `suppress(.holdout)`.
    ///
    /// - Parameters:
    ///   - optedOut: Whether we know of an opt-out ourselves, whatever the CRM says now.
    ///   - assignment: The stored assignment, or a fresh draw; `nil` where the playbook has no experiment.
    public func decide(
        on event: CRMEvent, about record: LeadRecord, voices: BrandVoices, optedOut: Bool, assignment: Assignment?
    ) -> Decision {
        if case .none(let reason) = PlaybookSelection(of: [self], for: event, about: record) { return .ignore(reason) }
        guard let stage = record.stage else { return .ignore("the lead has no stage") }
        if optedOut { return .suppress(.optedOut, detail: "the lead opted out earlier") }
        switch record.consent {
        case .granted: break
        case .refused(let source): return .suppress(.optedOut, detail: source)
        case .unknown(let missing): return .suppress(.noConsent, detail: missing)
        }
        do throws(PersonalizationError) {
            _ = try Composer(playbook: playbook, voices: voices, record: record)
        } catch {
            return .suppress(.incomplete, detail: error.message)
        }
        let arm = assignment?.arm ?? .treatment
        guard arm != .holdout else {
            return .suppress(.holdout, detail: "held out of experiment \"\(assignment?.experiment ?? "")\"")
        }
        return .generate(
            MessagePlan(
                playbook: self, stage: stage, arm: arm, validUntil: playbook.validFor.end(after: event.occurredAt)))
    }
}
