public import Personalization

/// Why a declaration cannot be read or put in force.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// A file cannot be read.
        case unreadableFile = "unreadable_file"
        /// A file is no JSON.
        case malformedFile = "malformed_file"
        /// Declarations are wrong; `problems` names each place.
        case invalidDeclaration = "invalid_declaration"
        /// Credentials are declared or stored, and there is no key to seal or open them.
        case missingKey = "missing_key"
        /// The key is not 32 bytes in base64 or hexadecimal.
        case malformedKey = "malformed_key"
        /// Stored credentials do not open: sealed with another key, or moved.
        case unopenableCredentials = "unopenable_credentials"
        /// What is stored cannot be read: written by a newer version.
        case unreadableStore = "unreadable_store"
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong and what to do; never a secret.
    public let message: String
    /// Every place that is wrong; the path begins with the file.
    public let problems: [DeclarationProblem]
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(
        _ code: Code, _ message: String, problems: [DeclarationProblem] = [], underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.problems = problems
        self.underlying = underlying
    }

    public var description: String {
        (["\(code.rawValue): \(message)"] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
}
