internal import COpenSSL
public import Foundation

/// What `SealingKey.seal` makes: safe to store beside the data it belongs to.
public struct SealedBox: Sendable, Hashable {
    /// 12 random bytes, never used twice with one key.
    public let nonce: Data
    /// The ciphertext, followed by the 16 bytes of the authentication tag.
    public let ciphertext: Data

    /// Puts a stored box together again.
    public init(nonce: Data, ciphertext: Data) {
        self.nonce = nonce
        self.ciphertext = ciphertext
    }
}

/// A key that seals small secrets with AES-256-GCM (NIST SP 800-38D). Printing it shows its id only.
///
/// Nonces are random, so one key should seal fewer than 2^32 boxes (section 8.3 there); credentials are far from it.
public struct SealingKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names the key without saying anything about it, so that a box can be matched with the key that made it.
    public let id: String

    private let secret: SecretBytes

    /// Takes a key of 32 bytes.
    public init(_ bytes: Data) throws(CryptographyError) {
        guard bytes.count == 32 else {
            throw CryptographyError(
                .invalidKey, "a sealing key has 32 bytes, not \(bytes.count); make one with `openssl rand -hex 32`")
        }
        secret = SecretBytes(bytes)
        // A keyed hash under a name of its own: the id can be shown without helping to find the key.
        id = MessageAuthentication.hmacSHA256(Data("leadwright sealing key id".utf8), key: bytes).prefix(8).hexadecimal
    }

    /// Encrypts and authenticates. The associated data is not stored: say there where the box belongs, and it opens
    /// nowhere else.
    public func seal(_ plain: Data, authenticating associated: Data) throws(CryptographyError) -> SealedBox {
        var nonce = Data(count: 12)
        guard nonce.withUnsafeMutableBytes({ RAND_bytes($0.bindMemory(to: UInt8.self).baseAddress, 12) }) == 1 else {
            throw .library("drawing a nonce")
        }
        return try seal(plain, authenticating: associated, nonce: nonce)
    }

    /// Encrypts under a given nonce, for known-answer tests.
    package func seal(_ plain: Data, authenticating associated: Data, nonce: Data) throws(CryptographyError)
        -> SealedBox
    {
        let cipher = try AuthenticatedCipher(secret, nonce: nonce, direction: .sealing)
        try cipher.authenticate(associated)
        return SealedBox(nonce: nonce, ciphertext: try cipher.update(plain) + (try cipher.tag()))
    }

    /// Decrypts a box made by this key with the same associated data.
    ///
    /// - Throws: `authenticationFailed` when it is not; nothing of the text is given out.
    public func open(_ box: SealedBox, authenticating associated: Data) throws(CryptographyError) -> Data {
        guard box.nonce.count == 12, box.ciphertext.count >= 16 else {
            throw CryptographyError(.authenticationFailed, "the sealed box is cut short")
        }
        let cipher = try AuthenticatedCipher(secret, nonce: box.nonce, direction: .opening)
        try cipher.authenticate(associated)
        let plain = try cipher.update(Data(box.ciphertext.dropLast(16)))
        guard try cipher.accepts(tag: Data(box.ciphertext.suffix(16))) else {
            throw CryptographyError(
                .authenticationFailed,
                "the sealed box does not open with key \(id): it was made with another key or belongs elsewhere")
        }
        return plain
    }

    /// A key of 32 bytes for another purpose: HMAC-SHA-256 of the purpose's name under this key, as HKDF-Expand does
    /// for its first block (RFC 5869). Nobody learns this key, or that of another purpose, from it.
    public func derived(for purpose: String) -> Data {
        secret.withUnsafeBytes { MessageAuthentication.hmacSHA256(Data("leadwright \(purpose) key".utf8), key: $0) }
    }

    public var description: String { "SealingKey(\(id))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// One run of AES-256-GCM.
private final class AuthenticatedCipher {
    enum Direction: Int32 {
        case opening = 0
        case sealing = 1
    }

    private let context: OpaquePointer

    init(_ key: SecretBytes, nonce: Data, direction: Direction) throws(CryptographyError) {
        guard let context = EVP_CIPHER_CTX_new() else { throw .library("creating a cipher") }
        self.context = context
        let started = key.withUnsafeBytes { key in
            nonce.withUnsafeBytes { nonce in
                EVP_CipherInit_ex(
                    context, EVP_aes_256_gcm(), nil, key.bindMemory(to: UInt8.self).baseAddress,
                    nonce.bindMemory(to: UInt8.self).baseAddress, direction.rawValue)
            }
        }
        guard started == 1 else { throw .library("starting AES-256-GCM") }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func authenticate(_ associated: Data) throws(CryptographyError) {
        var length: Int32 = 0
        let result = associated.withUnsafeBytes {
            EVP_CipherUpdate(
                context, nil, &length, $0.bindMemory(to: UInt8.self).baseAddress, Int32($0.count))
        }
        guard associated.isEmpty || result == 1 else { throw .library("authenticating") }
    }

    func update(_ input: Data) throws(CryptographyError) -> Data {
        guard !input.isEmpty else { return Data() }
        var output = Data(count: input.count)
        var length: Int32 = 0
        let result = output.withUnsafeMutableBytes { output in
            input.withUnsafeBytes { input in
                EVP_CipherUpdate(
                    context, output.bindMemory(to: UInt8.self).baseAddress, &length,
                    input.bindMemory(to: UInt8.self).baseAddress, Int32(input.count))
            }
        }
        guard result == 1, Int(length) == input.count else { throw .library("encrypting") }
        return output
    }

    func tag() throws(CryptographyError) -> Data {
        var tag = Data(count: 16)
        let result = tag.withUnsafeMutableBytes { tag in
            finish() && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.baseAddress) == 1
        }
        guard result else { throw .library("finishing") }
        return tag
    }

    func accepts(tag: Data) throws(CryptographyError) -> Bool {
        var tag = tag
        let set = tag.withUnsafeMutableBytes { EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, $0.baseAddress) }
        guard set == 1 else { throw .library("setting the tag") }
        return finish()
    }

    private func finish() -> Bool {
        // GCM holds nothing back, so the last call writes no bytes; the buffer is there because it must be.
        var rest: [UInt8] = Array(repeating: 0, count: 16)
        var length: Int32 = 0
        return EVP_CipherFinal_ex(context, &rest, &length) == 1
    }
}
