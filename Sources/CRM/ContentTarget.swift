/// A place for content that a connector prepares in the CRM: what a playbook calls its target.
public struct ContentTarget: Sendable, Hashable, Codable {
    /// HubSpot's property prefix, Salesforce's object, Zapier's event name.
    public var name: String
    /// The names of the content's parts: `subject`, `body`.
    public var parts: [String]

    /// Creates a target.
    public init(name: String, parts: [String]) {
        self.name = name
        self.parts = parts
    }
}
