package import CRM
package import Personalization

/// Whether a finished text may still be written, by what our tables and the CRM say at the last moment. Pure.
package enum WritePermission: Equatable {
    /// It goes to this record: the lead's own, or the one that it was merged into.
    case granted(LeadIdentity)
    /// It must not be written.
    case denied(SuppressionReason, detail: String)

    /// - Parameters:
    ///   - optedOut: whether an event ever said that the lead, or who stands for it now, opted out.
    ///   - erased: whether either was erased.
    ///   - reading: the record that stands for the lead, as the CRM shows it now; its own consent counts.
    package init(optedOut: Bool, erased: Bool, reading: LeadReading) {
        if erased {
            self = .denied(.gone, detail: "erased")
            return
        }
        if optedOut {
            self = .denied(.optedOut, detail: "an event said so")
            return
        }
        switch reading {
        case .gone, .merged: self = .denied(.gone, detail: "the record no longer exists")
        case .found(let record):
            switch record.consent {
            case .granted: self = .granted(record.identity)
            case .refused(let detail): self = .denied(.optedOut, detail: detail)
            case .unknown(let detail): self = .denied(.noConsent, detail: detail)
            }
        }
    }
}
