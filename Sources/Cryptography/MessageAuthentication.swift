internal import COpenSSL
public import Foundation

/// Keyed hashes.
public enum MessageAuthentication {
    /// HMAC with SHA-256 (RFC 2104): 32 bytes. A key of any length, also empty, is allowed.
    public static func hmacSHA256(_ data: some DataProtocol, key: some DataProtocol) -> Data {
        let message = Data(data)
        var secret = Data(key)
        var code = Data(count: 32)
        let length = code.withUnsafeMutableBytes { code in
            secret.withUnsafeMutableBytes { secret in
                // A key of no bytes must still be a pointer: libcrypto reads NULL as "the key set before".
                let key = secret.baseAddress ?? UnsafeMutableRawPointer(code.baseAddress)
                defer { OPENSSL_cleanse(secret.baseAddress, secret.count) }
                return message.withUnsafeBytes { message in
                    var length = 0
                    let result = EVP_Q_mac(
                        nil, "HMAC", nil, "SHA256", nil, key, secret.count,
                        message.bindMemory(to: UInt8.self).baseAddress, message.count,
                        code.bindMemory(to: UInt8.self).baseAddress, code.count, &length)
                    return result == nil ? 0 : length
                }
            }
        }
        // Fails only when memory is exhausted; an empty code must never be compared with anything.
        precondition(length == 32, "libcrypto has no HMAC")
        return code
    }
}

/// Whether two values are equal, in a time that depends on their lengths only: use it for whatever an attacker can
/// send again and again, such as signatures and shared secrets.
public func constantTimeEqual(_ a: Data, _ b: Data) -> Bool {
    guard a.count == b.count else { return false }
    return a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in a.isEmpty || CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
    }
}
