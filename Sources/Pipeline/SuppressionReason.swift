/// Why a message that was due is not made or not written.
enum SuppressionReason: String, Sendable {
    /// The lead opted out.
    case optedOut = "opted_out"
    /// The CRM does not say whether the lead may be written to.
    case noConsent = "no_consent"
    /// The lead is in the hold-out, which gets nothing.
    case holdout
    /// The record is deleted, erased or not to be found.
    case gone
    /// A field that the playbook needs is missing.
    case incomplete
}
