public import Foundation

/// A migration as the database remembers it.
public struct AppliedMigration: Sendable, Hashable {
    /// Its number.
    public let number: Int
    /// Its name when it was applied.
    public let name: String
    /// When it was applied, by the database's clock.
    public let appliedAt: Date
}

/// Where a database stands.
public struct MigrationStatus: Sendable, Hashable {
    /// What has been applied, in order.
    public let applied: [AppliedMigration]
    /// The names of what has not, in order.
    public let pending: [String]
}

/// Brings a database to the schema of this program.
///
/// Each migration runs in one transaction under an advisory lock, so any number of processes may migrate at once; and
/// it is recorded with its SHA-256, so that an edited one is noticed instead of silently differing between databases.
public struct Migrator: Sendable {
    private let pool: PostgresPool
    private let migrations: [Migration]

    /// A migrator for these migrations, numbered 1, 2, 3 without gaps.
    public init(pool: PostgresPool, migrations: [Migration]) {
        precondition(migrations.map(\.number).elementsEqual(1..<migrations.count + 1), "number migrations 1, 2, 3, …")
        self.pool = pool
        self.migrations = migrations
    }

    /// Applies what is missing; nothing when nothing is.
    ///
    /// - Returns: What this call applied.
    /// - Throws: ``PostgresError/Code/migrationChanged``, ``PostgresError/Code/migrationNewer`` before anything is
    ///   applied, or the error of the migration that failed; those before it stay.
    public func migrate() async throws(PostgresError) -> [AppliedMigration] {
        var applied: [AppliedMigration] = []
        do {
            while let next = try await pool.transaction(step) { applied.append(next) }
        } catch {
            throw Self.postgresError(error)
        }
        return applied
    }

    /// Compares the database with this program, changing nothing.
    ///
    /// - Throws: ``PostgresError/Code/migrationChanged`` or ``PostgresError/Code/migrationNewer``.
    public func status() async throws(PostgresError) -> MigrationStatus {
        do {
            return try await pool.withConnection { connection in
                let exists = try await connection.query("SELECT to_regclass('schema_migrations') IS NOT NULL")
                guard try exists.first?.decode(Bool.self) == true else {
                    return MigrationStatus(applied: [], pending: migrations.map(\.name))
                }
                let applied = try await compare(on: connection)
                return MigrationStatus(applied: applied, pending: migrations.dropFirst(applied.count).map(\.name))
            }
        } catch {
            throw Self.postgresError(error)
        }
    }

    /// Applies the first missing migration; `nil` when there is none.
    private func step(on connection: PostgresConnection) async throws -> AppliedMigration? {
        // Held until the transaction ends: works behind PgBouncer, and dies with its holder.
        _ = try await connection.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('leadwright.migrations', 0))", timeout: .seconds(3600))
        try await connection.execute(
            script: """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number      integer PRIMARY KEY,
                    name        text NOT NULL,
                    sha256      text NOT NULL,
                    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
                )
                """, timeout: nil)
        let applied = try await compare(on: connection)
        guard let migration = migrations.dropFirst(applied.count).first else { return nil }
        do {
            try await connection.execute(script: migration.sql, timeout: .seconds(3600))
        } catch {
            throw PostgresError(
                error.code, "migration \(migration.number) (\(migration.name)) failed: \(error.message)",
                sqlState: error.sqlState, constraint: error.constraint, underlying: error)
        }
        let recorded = try await connection.query(
            """
            INSERT INTO schema_migrations (number, name, sha256)
            VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex')) RETURNING applied_at
            """, [migration.number, migration.name, migration.sql])
        guard let row = recorded.first else { return nil }
        return AppliedMigration(
            number: migration.number, name: migration.name, appliedAt: try row.decode("applied_at"))
    }

    /// Reads what was applied, and refuses a database that this program does not fit.
    private func compare(on connection: PostgresConnection) async throws(PostgresError) -> [AppliedMigration] {
        let rows = try await connection.query(
            """
            SELECT number, name, applied_at,
                   sha256 = encode(sha256(convert_to(($1::text[])[number], 'UTF8')), 'hex') AS same
            FROM schema_migrations ORDER BY number
            """, [migrations.map(\.sql)])
        var applied: [AppliedMigration] = []
        for row in rows {
            let (number, name, appliedAt, same) = try row.decode(Int.self, String.self, Date.self, Bool?.self)
            guard let same else {
                throw PostgresError(
                    .migrationNewer,
                    "the database has migration \(number) (\(name)), which this program does not know; run a newer one")
            }
            guard same else {
                throw PostgresError(
                    .migrationChanged,
                    "migration \(number) (\(name)) was edited after it was applied; restore it and add a new one")
            }
            applied.append(AppliedMigration(number: number, name: name, appliedAt: appliedAt))
        }
        return applied
    }

    private static func postgresError(_ error: any Error) -> PostgresError {
        error as? PostgresError ?? PostgresError(.cancelled, "migrating was cancelled", underlying: error)
    }
}
