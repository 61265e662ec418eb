import Configuration
import Cryptography
import Foundation
import Migrations
import PostgresClient

/// What most commands work on: the database, and the key that opens the credentials in it.
enum Installation {
    /// A pool for the command's `--database-url`.
    static func pool(_ arguments: Arguments, size: Int = 4) throws -> PostgresPool {
        try PostgresPool(url: arguments.value("--database-url"), size: size)
    }

    /// A pool whose database has this program's schema.
    ///
    /// - Throws: ``CommandError/failed(_:)`` when `leadwright migrate` must run first.
    static func migratedPool(_ arguments: Arguments, size: Int = 4) async throws -> PostgresPool {
        let pool = try pool(arguments, size: size)
        let pending = try await Migrator(pool: pool, migrations: migrations).status().pending
        guard pending.isEmpty else {
            throw CommandError.failed("the database lacks \(pending.count) migrations; run `leadwright migrate` first")
        }
        return pool
    }

    /// The key from `LEADWRIGHT_KEY` or the file named by `LEADWRIGHT_KEY_FILE`.
    static func key() throws -> SealingKey {
        guard let key = try SealingKey.fromEnvironment() else {
            throw CommandError.failed(
                "no key for the stored credentials; set LEADWRIGHT_KEY to 32 random bytes: `openssl rand -hex 32`")
        }
        return key
    }

    /// The name by which this process is known in the queue.
    static var workerName: String {
        "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
    }
}
