/// Whether a lead may be written to. Anything but `granted` stops the work.
public enum Consent: Sendable, Hashable, Codable {
    /// The CRM holds no objection, by the rule of the connection.
    case granted
    /// The lead opted out; the text names the field or event that says so.
    case refused(String)
    /// The CRM does not say; the text names what is missing and how to supply it.
    case unknown(String)

    /// Whether content may be generated and written.
    public var allows: Bool { self == .granted }
}
