/// The systems that Leadwright connects to.
public enum CRMSystem: String, Sendable, Hashable, Codable, CaseIterable {
    case hubspot
    case salesforce
    case zapier
}
