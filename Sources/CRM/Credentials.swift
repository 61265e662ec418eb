import Cryptography
import JSON

/// The secrets of one connection by name: `access_token`, `client_secret`, `private_key`, `api_key`.
/// Printing it shows the names only.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    private let values: [String: String]

    /// Holds the secrets in memory.
    public init(_ values: [String: String]) { self.values = values }

    /// The secret of that name.
    public subscript(name: String) -> String? { values[name] }

    /// Equal for equal secrets, and says nothing about them: SHA-256 in hexadecimal.
    public var fingerprint: String {
        Hash.sha256(JSONValue.object(values.mapValues(JSONValue.string)).canonicalData).hexadecimal
    }

    public var description: String { "Credentials(\(values.keys.sorted().joined(separator: ", ")))" }
    public var debugDescription: String { description }
}
