import CRM
import Configuration
import Cryptography
import Foundation
import PostgresClient
import Synchronization
import TestSupport
import XCTest

final class StoredLoginTests: XCTestCase {
    /// Gives out numbered tokens and refresh tokens, and remembers with which refresh token it was asked.
    private final class System: Sendable {
        let asked = Mutex<[String]>([])

        func logIn(_ kept: Login?) async throws(CRMError) -> Login {
            let number = asked.withLock { asked in
                asked.append(kept?.refreshToken ?? "declared")
                return asked.count
            }
            return Login(token: AccessToken("token \(number)"), refreshToken: "refresh \(number)")
        }
    }

    private func database() async throws -> (TestDatabase, Folder) {
        let (database, folder) = (try await TestDatabase.make(), try Folder())
        addTeardownBlock {
            await database.drop()
            folder.remove()
        }
        return (database, folder)
    }

    /// The tokens of one process.
    private func process(_ database: TestDatabase, _ system: System) async throws -> AccessTokens {
        let store = ConfigurationStore(
            pool: database.pool, key: try SealingKey(Sample.key), maximumAge: .zero)
        let found = try await store.connection(named: "acme-hubspot")
        let login = store.login(of: try XCTUnwrap(found))
        return AccessTokens(now: { Date() }, store: login, logIn: system.logIn)
    }

    private func apply(_ connection: String, _ database: TestDatabase, _ folder: Folder) async throws {
        let store = ConfigurationStore(pool: database.pool, key: try SealingKey(Sample.key), maximumAge: .zero)
        _ = try await store.apply(folder.declarations(Sample.tenant, connection))
    }

    func testManyProcessesLogInOnceAndRefreshOnce() async throws {
        let (database, folder) = try await database()
        try await apply(Sample.connection, database, folder)
        let system = System()
        var processes: [AccessTokens] = []
        for _ in 0..<6 { processes.append(try await process(database, system)) }
        func all(_ body: @escaping @Sendable (AccessTokens) async throws -> String) async throws -> Set<String> {
            try await withThrowingTaskGroup(of: String.self) { group in
                for process in processes { group.addTask { try await body(process) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
        }
        let first = try await all { try await $0.token().text }
        XCTAssertEqual(first, ["token 1"])
        let second = try await all { try await $0.replacement(for: AccessToken("token 1")).text }
        XCTAssertEqual(second, ["token 2"])
        // The refresh token that the first login handed out is the one that the second used.
        XCTAssertEqual(system.asked.withLock { $0 }, ["declared", "refresh 1"])
        // A process that starts later goes on from there.
        let late = try await process(database, system).token().text
        XCTAssertEqual(late, "token 2")
    }

    func testAFailedLoginKeepsWhatWasThere() async throws {
        let (database, folder) = try await database()
        try await apply(Sample.connection, database, folder)
        let system = System()
        let tokens = try await process(database, system)
        let first = try await tokens.token()
        let store = ConfigurationStore(pool: database.pool, key: try SealingKey(Sample.key), maximumAge: .zero)
        let found = try await store.connection(named: "acme-hubspot")
        let failing = AccessTokens(now: { Date() }, store: store.login(of: try XCTUnwrap(found))) {
            (_) throws(CRMError) in throw CRMError(.unauthorized, "refused")
        }
        do {
            _ = try await failing.replacement(for: first)
            XCTFail("the failure must be reported")
        } catch {
            XCTAssertEqual(error.code, .unauthorized)
        }
        let kept = try await failing.token().text
        XCTAssertEqual(kept, "token 1")
    }

    func testNewCredentialsMakeANewLogin() async throws {
        let (database, folder) = try await database()
        try await apply(Sample.connection, database, folder)
        let system = System()
        _ = try await process(database, system).token()
        let other = Sample.connection.replacing(
            #""access_token": {"env": "TOKEN"}"#, with: #""other": {"env": "TOKEN"}"#)
        try await apply(other, database, folder)
        let token = try await process(database, system).token().text
        XCTAssertEqual(token, "token 2")
        XCTAssertEqual(system.asked.withLock { $0 }, ["declared", "declared"])
    }

    func testNothingOfItStandsInTheDatabaseInClear() async throws {
        let (database, folder) = try await database()
        try await apply(Sample.connection, database, folder)
        _ = try await process(database, System()).token()
        let rows = try await database.pool.query("SELECT ciphertext FROM logins")
        let sealed = try XCTUnwrap(rows.first).decode(Data.self)
        XCTAssertNil(sealed.range(of: Data("token 1".utf8)))
    }
}
