public import CRM
import Cryptography
import Foundation
import PostgresClient

extension ConfigurationStore {
    /// Where the login of a connection is kept, sealed, for all processes.
    public func login(of connection: StoredConnection) -> any LoginStore {
        guard let key = vault.key else { return UnsharedLogin() }
        return StoredLogin(
            pool: pool, key: key, connection: connection.id, credentials: connection.credentials.fingerprint)
    }
}

/// A connection's login in the database. Renewing it holds the rows of the connection's credentials locked for as long
/// as the login's call takes: whoever comes second finds what the first one was given.
struct StoredLogin: LoginStore {
    let pool: PostgresPool
    let key: SealingKey
    let connection: Int64
    /// From which credentials the login comes. Others were applied since, if the kept one names others: it is not used.
    let credentials: String

    func exchange(_ decide: @Sendable (Login?) async throws(CRMError) -> Login) async throws(CRMError) -> Login {
        do {
            return try await pool.transaction { transaction in
                try await transaction.execute(SQL(PackageResources.lock_credentials_sql), [connection])
                let kept = try await kept(in: transaction)
                let login = try await decide(kept)
                if login != kept { try await keep(login, in: transaction) }
                return login
            }
        } catch let error as CRMError {
            throw error
        } catch {
            throw CRMError(.unavailable, "the login kept in the database cannot be reached", underlying: error)
        }
    }

    /// `nil` also for one that does not open, after a change of the key: it is made again.
    private func kept(in transaction: PostgresConnection) async throws -> Login? {
        let rows = try await transaction.query(SQL(PackageResources.select_login_sql), [connection])
        guard let (nonce, ciphertext) = try rows.first?.decode(Data.self, Data.self),
            let plain = try? key.open(SealedBox(nonce: nonce, ciphertext: ciphertext), authenticating: place),
            let content = try? JSONDecoder().decode(Content.self, from: plain), content.credentials == credentials
        else { return nil }
        return Login(
            token: AccessToken(content.token, expiresAt: content.expiresAt, baseURL: content.baseURL),
            refreshToken: content.refreshToken)
    }

    private func keep(_ login: Login, in transaction: PostgresConnection) async throws {
        let content = Content(
            credentials: credentials, token: login.token.text, expiresAt: login.token.expiresAt,
            baseURL: login.token.baseURL, refreshToken: login.refreshToken)
        let box = try key.seal(JSONEncoder().encode(content), authenticating: place)
        try await transaction.execute(
            SQL(PackageResources.upsert_login_sql),
            [connection, key.id, box.nonce, box.ciphertext, login.token.expiresAt])
    }

    /// A sealed login that is copied to another connection's row does not open.
    private var place: Data { Data("login/\(connection)".utf8) }

    private struct Content: Codable {
        let credentials: String
        let token: String
        let expiresAt: Date?
        let baseURL: String?
        let refreshToken: String?
    }
}
