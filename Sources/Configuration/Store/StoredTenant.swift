public import CRM
public import Personalization

/// A tenant in force.
public struct StoredTenant: Sendable, Hashable {
    /// Its id in the database.
    public let id: Int64
    /// Its name in the installation.
    public let name: String
    /// Its name for people.
    public let title: String
    /// Its share of the workers.
    public let weight: Int
    /// Its voices.
    public let voices: BrandVoices
}

/// A connection in force. Printing it shows no secret.
public struct StoredConnection: Sendable {
    /// Its id in the database.
    public let id: Int64
    /// Its tenant's id.
    public let tenantID: Int64
    /// Its settings, every reference resolved.
    public let settings: ConnectionSettings
    /// Its secrets, opened.
    public let credentials: Credentials
}
