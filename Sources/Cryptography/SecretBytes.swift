internal import COpenSSL
import Foundation

/// Key material that is wiped when the last user lets go of it. What was copied into it (a file's bytes, an
/// environment variable) is the caller's and is not wiped.
///
/// `@unchecked Sendable`: the memory is written in `init` and `deinit` only.
final class SecretBytes: @unchecked Sendable {
    private let bytes: UnsafeMutableRawBufferPointer

    init(_ data: Data) {
        bytes = .allocate(byteCount: data.count, alignment: 16)
        data.copyBytes(to: bytes)
    }

    deinit {
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(bytes))
    }
}
