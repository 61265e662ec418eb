internal import COpenSSL
public import Foundation

/// An RSA private key that signs with PKCS #1 v1.5 and SHA-256 (RFC 8017, 8.2). Printing it shows nothing of it.
public struct RSAPrivateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let key: KeyHandle

    /// Reads an unencrypted key in PEM, PKCS #8 ("BEGIN PRIVATE KEY") or PKCS #1 ("BEGIN RSA PRIVATE KEY").
    public init(pem: String) throws(CryptographyError) {
        key = try KeyHandle(pem: pem, kind: "private") { buffer in
            // Without a callback libcrypto would ask for the passphrase of an encrypted key on the terminal.
            PEM_read_bio_PrivateKey(buffer, nil, { _, _, _, _ in -1 }, nil)
        }
    }

    /// Draws a new key. A key of 2048 bits takes about a tenth of a second.
    public static func generate(bits: Int = 2048) throws(CryptographyError) -> RSAPrivateKey {
        guard let key = leadwright_rsa_generate(UInt32(bits)) else { throw .library("generating an RSA key") }
        return RSAPrivateKey(key: KeyHandle(key))
    }

    private init(key: KeyHandle) { self.key = key }

    /// The signature over the data, as long as the key's modulus. Takes about a millisecond for 2048 bits.
    public func signSHA256(_ data: Data) throws(CryptographyError) -> Data {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else { throw .library("signing") }
        var length = Int(EVP_PKEY_get_size(key.pointer))
        var signature = Data(count: length)
        let result = signature.withUnsafeMutableBytes { signature in
            data.withUnsafeBytes { data in
                EVP_DigestSign(
                    context, signature.bindMemory(to: UInt8.self).baseAddress, &length,
                    data.bindMemory(to: UInt8.self).baseAddress, data.count)
            }
        }
        guard result == 1 else { throw .library("signing") }
        return signature.prefix(length)
    }

    /// The key's public half in PEM ("BEGIN PUBLIC KEY").
    public var publicPEM: String {
        get throws(CryptographyError) { try key.pem("public key") { PEM_write_bio_PUBKEY($0, $1) } }
    }

    /// The key itself in PEM ("BEGIN PRIVATE KEY"), to be kept secret.
    public var privatePEM: String {
        get throws(CryptographyError) {
            try key.pem("private key") { PEM_write_bio_PrivateKey($0, $1, nil, nil, 0, nil, nil) }
        }
    }

    public var description: String { "RSAPrivateKey" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// An RSA public key that checks signatures of ``RSAPrivateKey``.
public struct RSAPublicKey: Sendable {
    private let key: KeyHandle

    /// Reads a key in PEM ("BEGIN PUBLIC KEY").
    public init(pem: String) throws(CryptographyError) {
        key = try KeyHandle(pem: pem, kind: "public") { PEM_read_bio_PUBKEY($0, nil, nil, nil) }
    }

    /// Whether the signature belongs to the data.
    public func verify(_ signature: Data, over data: Data) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            // A wrong signature leaves a note in the thread's error queue, which a later failure must not report.
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else { return false }
        return signature.withUnsafeBytes { signature in
            data.withUnsafeBytes { data in
                EVP_DigestVerify(
                    context, signature.bindMemory(to: UInt8.self).baseAddress, signature.count,
                    data.bindMemory(to: UInt8.self).baseAddress, data.count)
            }
        } == 1
    }
}

/// An `EVP_PKEY`, freed (and, if private, wiped) by libcrypto with its last user.
///
/// `@unchecked Sendable`: the key is never changed after reading, and libcrypto allows concurrent use of such a key;
/// each operation has a context of its own.
private final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    convenience init(pem: String, kind: String, read: (OpaquePointer?) -> OpaquePointer?) throws(CryptographyError) {
        let buffer = BIO_new(BIO_s_mem())
        defer {
            BIO_free(buffer)
            ERR_clear_error()
        }
        let bytes = Array(pem.utf8)
        guard bytes.count < 1 << 16, BIO_write(buffer, bytes, Int32(bytes.count)) == Int32(bytes.count),
            let key = read(buffer)
        else {
            throw CryptographyError(.invalidKey, "not an unencrypted \(kind) key in PEM")
        }
        guard EVP_PKEY_is_a(key, "RSA") == 1 else {
            EVP_PKEY_free(key)
            throw CryptographyError(.invalidKey, "the \(kind) key is no RSA key")
        }
        self.init(key)
    }

    deinit { EVP_PKEY_free(pointer) }

    func pem(_ subject: String, write: (OpaquePointer?, OpaquePointer) -> Int32) throws(CryptographyError) -> String {
        let buffer = BIO_new(BIO_s_mem())
        defer { BIO_free(buffer) }
        guard write(buffer, pointer) == 1 else { throw .library("writing the \(subject)") }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(buffer))
        guard BIO_read(buffer, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            throw .library("writing the \(subject)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
