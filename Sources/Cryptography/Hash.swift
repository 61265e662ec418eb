internal import COpenSSL
public import Foundation

/// SHA-256 (FIPS 180-4).
public enum Hash {
    /// The 32-byte digest of the data.
    public static func sha256(_ data: some DataProtocol) -> Data {
        let digest = SHA256Digest()
        for region in data.regions {
            region.withUnsafeBytes { digest.update($0) }
        }
        return digest.finish()
    }

    /// The digest of a file as 64 hexadecimal digits. Reads in pieces of 1 MiB, so that a model of many gigabytes
    /// costs no memory; it runs at about the speed of the disk and blocks its thread.
    public static func sha256File(_ path: String) throws(CryptographyError) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CryptographyError(.unreadableFile, "\(path) cannot be opened for reading")
        }
        defer { try? file.close() }
        let digest = SHA256Digest()
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                piece.withUnsafeBytes { digest.update($0) }
            }
        } catch {
            throw CryptographyError(.unreadableFile, "\(path) cannot be read to its end")
        }
        return digest.finish().hexadecimal
    }
}

/// One running digest.
private struct SHA256Digest: ~Copyable {
    private let context: OpaquePointer

    init() {
        // Fails only when memory is exhausted or libcrypto lacks SHA-256, and then nothing can go on.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto has no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    func finish() -> Data {
        var digest = Data(count: 32)
        digest.withUnsafeMutableBytes { _ = EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        return digest
    }
}
