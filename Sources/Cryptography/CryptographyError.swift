internal import COpenSSL

/// Why a cryptographic operation failed. No message holds key material, plain text or a token.
public struct CryptographyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// A key has the wrong length or is no PEM of the right kind.
        case invalidKey = "invalid_key"
        /// A sealed box does not open: another key, other associated data, or changed bytes.
        case authenticationFailed = "authentication_failed"
        /// A token is malformed, uses another algorithm, or its signature is wrong.
        case invalidToken = "invalid_token"
        /// A token's time is over, or it names none.
        case expired
        /// A file cannot be read.
        case unreadableFile = "unreadable_file"
        /// libcrypto refused an operation that never fails with sound inputs.
        case library
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// An error with libcrypto's own reason, whose per-thread queue is emptied on the way.
    static func library(_ operation: String, _ code: Code = .library) -> CryptographyError {
        let first = ERR_get_error()
        ERR_clear_error()
        guard first != 0, let reason = ERR_reason_error_string(first) else {
            return CryptographyError(code, "\(operation) failed")
        }
        return CryptographyError(code, "\(operation) failed: \(String(cString: reason))")
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
