/// A tenant's declared link to one account of one system. Credentials are not part of it.
public struct ConnectionSettings: Sendable, Hashable, Codable {
    /// The connection's name, unique in the installation; the last part of its webhook URL.
    public var name: String
    /// The system it leads to.
    public var system: CRMSystem
    /// The account's id in that system: portal id, organisation id, or the connection's name for Zapier.
    public var account: String
    /// Where the system's API is reached: `https://api.hubapi.com`, the Salesforce login host. Zapier needs none.
    public var baseURL: String?
    /// The address under which the system reaches the gateway, as registered there; signatures cover it, so it is
    /// configured and never taken from a request.
    public var publicURL: String
    /// Our app's id or client name, by which the system marks changes that we made.
    public var clientID: String?
    /// The system's stages onto ours. A stage that is missing makes no content.
    public var stages: [String: FunnelStage]
    /// Further lead fields: our name to the system's name.
    public var fields: [String: String]
    /// What one system needs and the others do not; each connector documents its keys.
    public var options: [String: String]

    /// Creates settings.
    public init(
        name: String, system: CRMSystem, account: String, baseURL: String? = nil, publicURL: String,
        clientID: String? = nil, stages: [String: FunnelStage] = [:], fields: [String: String] = [:],
        options: [String: String] = [:]
    ) {
        self.name = name
        self.system = system
        self.account = account
        self.baseURL = baseURL
        self.publicURL = publicURL
        self.clientID = clientID
        self.stages = stages
        self.fields = fields
        self.options = options
    }

    private enum CodingKeys: String, CodingKey {
        case name, system, account, stages, fields, options
        case baseURL = "base_url"
        case publicURL = "public_url"
        case clientID = "client_id"
    }
}
