/// Why the private Postgres does not run.
public struct EmbeddedPostgresError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// There are no server programs in the installation folder.
        case notInstalled = "not_installed"
        /// We are root, and there is no unprivileged user to run the server as.
        case noUser = "no_user"
        /// A folder cannot be made, read or trusted.
        case unusableFolder = "unusable_folder"
        /// Another process runs a server on these data.
        case inUse = "in_use"
        /// `initdb` failed.
        case initializationFailed = "initialization_failed"
        /// The server ended or did not answer.
        case startFailed = "start_failed"
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next, fit for a log.
    public let message: String
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
