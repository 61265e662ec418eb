public import Cryptography
public import Foundation

/// Seals and opens the secrets of connections.
///
/// The associated data is `tenant/connection/name`: a sealed secret that is copied to another row does not open.
struct CredentialVault: Sendable {
    let key: SealingKey?

    /// Seals one secret.
    func seal(_ secret: String, tenant: String, connection: String, name: String) throws -> SealedBox {
        try needed().seal(Data(secret.utf8), authenticating: Self.place(tenant, connection, name))
    }

    /// Opens one secret.
    func open(_ box: SealedBox, keyID: String, tenant: String, connection: String, name: String)
        throws(ConfigurationError) -> String
    {
        let key = try needed()
        do {
            let plain = try key.open(box, authenticating: Self.place(tenant, connection, name))
            return String(decoding: plain, as: UTF8.self)
        } catch {
            let hint = keyID == key.id ? "" : "; it was sealed with key \(keyID) and LEADWRIGHT_KEY is \(key.id)"
            throw ConfigurationError(
                .unopenableCredentials,
                "credential \"\(name)\" of connection \(connection) does not open\(hint); apply the connection again",
                underlying: error)
        }
    }

    /// The id of the key in use.
    func keyID() throws(ConfigurationError) -> String { try needed().id }

    private func needed() throws(ConfigurationError) -> SealingKey {
        guard let key else {
            throw ConfigurationError(
                .missingKey,
                "credentials are sealed with a key; set LEADWRIGHT_KEY to 32 bytes in base64, or LEADWRIGHT_KEY_FILE")
        }
        return key
    }

    private static func place(_ tenant: String, _ connection: String, _ name: String) -> Data {
        Data("\(tenant)/\(connection)/\(name)".utf8)
    }
}

extension SealingKey {
    /// The installation's key: `LEADWRIGHT_KEY` (32 bytes in base64 or hexadecimal), or the file that
    /// `LEADWRIGHT_KEY_FILE` names, which holds the same.
    ///
    /// - Returns: `nil` when neither is set.
    /// - Throws: `malformedKey`, `unreadableFile`.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> SealingKey? {
        var text = environment["LEADWRIGHT_KEY"] ?? ""
        if text.isEmpty, let path = environment["LEADWRIGHT_KEY_FILE"], !path.isEmpty {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ConfigurationError(.unreadableFile, "LEADWRIGHT_KEY_FILE names \(path), which cannot be read")
            }
            text = String(decoding: data, as: UTF8.self)
        }
        text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { return nil }
        let bytes = text.count == 64 ? Data(hexadecimal: text) : Data(base64Encoded: text)
        guard let bytes, let key = try? SealingKey(bytes) else {
            throw ConfigurationError(
                .malformedKey,
                "LEADWRIGHT_KEY must be 32 bytes in base64 or hexadecimal; `openssl rand -base64 32` makes one")
        }
        return key
    }
}
