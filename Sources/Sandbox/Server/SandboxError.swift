/// Why a stand-in could not be set up.
package struct SandboxError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Settings cannot be read.
        case invalidSettings = "invalid_settings"
        /// The port cannot be opened.
        case cannotListen = "cannot_listen"
    }

    /// The kind of failure.
    package let code: Code
    /// What is wrong and where.
    package let message: String
    /// What caused it, if something below failed.
    package let underlying: (any Error)?

    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
