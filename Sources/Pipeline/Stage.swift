/// The steps of an event's way through the worker. Between two of them lies one committed row.
public enum Stage: String, Sendable, Hashable, CaseIterable {
    /// Read the lead, check consent, draw the arm, plan the message; or record an outcome.
    case understand
    /// Write the text.
    case generate
    /// Put it into the CRM, and read it back.
    case write
}
