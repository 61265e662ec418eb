import Cryptography
import Foundation
import PostgresClient

/// One secret as it is stored.
struct SealedCredential: Sendable {
    let tenant: String
    let connection: String
    let name: String
    let keyID: String
    let box: SealedBox

    /// The secrets of a connection, or of all, by the connection's name.
    static func all(of connection: String?, in session: PostgresConnection) async throws -> [String: [Self]] {
        let rows = try await session.query(SQL(PackageResources.select_credentials_sql), [connection])
        let credentials = try rows.map { row in
            let (connection, name, keyID, nonce, ciphertext, tenant) = try row.decode(
                String.self, String.self, String.self, Data.self, Data.self, String.self)
            return Self(
                tenant: tenant, connection: connection, name: name, keyID: keyID,
                box: SealedBox(nonce: nonce, ciphertext: ciphertext))
        }
        return Dictionary(grouping: credentials, by: \.connection)
    }

    /// The secret itself.
    func opened(by vault: CredentialVault) throws(ConfigurationError) -> String {
        try vault.open(box, keyID: keyID, tenant: tenant, connection: connection, name: name)
    }
}
