/// Why outcomes could not be recorded or a data set not be written.
public struct OutcomesError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// There is no tenant of that name.
        case unknownTenant = "unknown_tenant"
        /// The folder cannot be made or written to.
        case unwritableOutput = "unwritable_output"
        /// A stored generation cannot be read.
        case unreadableStore = "unreadable_store"
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next; holds no text of a lead.
    public let message: String
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
