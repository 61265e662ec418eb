/// Why the database did not do what was asked.
///
/// Nothing in it, and nothing it prints, is a value: neither a bound parameter nor a cell nor a password.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// The database URL cannot be read.
        case invalidURL = "invalid_url"
        /// No connection could be made: nobody listens, the password is wrong, the server is starting or full.
        case cannotConnect = "cannot_connect"
        /// The connection broke. If a COMMIT was under way, its result is unknown.
        case connectionLost = "connection_lost"
        /// The server refused the statement; `sqlState` says why.
        case server
        /// A unique index has that key already; `constraint` names it.
        case uniqueViolation = "unique_violation"
        /// The row points to one that does not exist, or is pointed to.
        case foreignKeyViolation = "foreign_key_violation"
        /// A value breaks a CHECK; `constraint` names it.
        case checkViolation = "check_violation"
        /// Concurrent transactions cannot be put in an order; run the transaction again.
        case serializationFailure = "serialization_failure"
        /// Transactions waited for each other; run the transaction again.
        case deadlock
        /// A COMMIT was answered by a rollback, because a statement before it had failed.
        case rolledBack = "rolled_back"
        /// The statement, or the wait for a free connection, took longer than its limit.
        case timeout
        /// The task was cancelled.
        case cancelled
        /// A value cannot be sent: text with U+0000 in it.
        case encoding
        /// A cell does not hold what was asked for.
        case decoding
        /// The pool is closed.
        case poolClosed = "pool_closed"
        /// A migration that was applied has since been edited.
        case migrationChanged = "migration_changed"
        /// The database has migrations that this program does not know.
        case migrationNewer = "migration_newer"
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next, fit for a log.
    public let message: String
    /// The server's five-character code, if the server spoke.
    public let sqlState: String?
    /// The constraint that was violated.
    public let constraint: String?
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(
        _ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.underlying = underlying
    }

    /// Whether the database could not be reached, so that the same may succeed later without any change.
    public var isUnavailable: Bool {
        switch code {
        case .cannotConnect, .connectionLost, .timeout: true
        default: false
        }
    }

    /// Whether running the whole transaction again is the remedy.
    public var isRetryable: Bool { code == .serializationFailure || code == .deadlock }

    public var description: String {
        let details = [sqlState.map { "SQLSTATE \($0)" }, constraint.map { "constraint \($0)" }].compactMap { $0 }
        return details.isEmpty
            ? "\(code.rawValue): \(message)" : "\(code.rawValue): \(message) (\(details.joined(separator: ", ")))"
    }
}
