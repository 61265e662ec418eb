/// Why a program was not started.
public struct ChildProcessError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// The system has no pipe left for us.
        case noPipe = "no_pipe"
        /// There is no such program, or it may not be run.
        case notStarted = "not_started"
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, fit for a log.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
