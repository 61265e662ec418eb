package import JSON

/// What stands in a CRM for one lead: for checking from outside what Leadwright says it wrote.
package struct LeadContent: Codable, Sendable, Hashable {
    /// The lead's id in its system.
    package var id: String
    /// Its address.
    package var email: String
    /// Its stage by the system's own name.
    package var stage: String
    /// What stands there, by the system's own field names; empty when nothing was written.
    package var content: [String: JSONValue]
}
