package import CRM
package import Personalization

/// Whether a finished text may still be written, by what our tables and the CRM say at the last moment. Pure.
package enum WritePermission: Equatable {
    case granted
    /// The record was merged into another, which gets the text.
    case redirected(LeadIdentity)
    /// It must not be written.
    case denied(SuppressionReason, detail: String)

    /// - Parameters:
    ///   - optedOut: whether an event ever said that the lead opted out.
    ///   - erased: whether the lead was erased.
    ///   - reading: the record as the CRM shows it now.
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
        case .gone: self = .denied(.gone, detail: "the record no longer exists")
        case .merged(let survivor): self = .redirected(survivor)
        case .found(let record):
            switch record.consent {
            case .granted: self = .granted
            case .refused(let detail): self = .denied(.optedOut, detail: detail)
            case .unknown(let detail): self = .denied(.noConsent, detail: detail)
            }
        }
    }
}
