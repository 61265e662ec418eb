import Cryptography
import Dispatch
import Synchronization

/// A file's SHA-256, computed while something else is done.
final class Hashing: Sendable {
    private let result = Mutex<Result<String, CryptographyError>?>(nil)
    private let done = DispatchGroup()

    init(path: String) {
        DispatchQueue.global().async(group: done) { [self] in
            let digest = Result { () throws(CryptographyError) in try Hash.sha256File(path) }
            result.withLock { $0 = digest }
        }
    }

    /// Waits for it.
    func value() throws(LanguageModelError) -> String {
        done.wait()
        switch result.withLock(\.self) {
        case .success(let digest): return digest
        case .failure(let error):
            throw LanguageModelError(.unreadableFile, error.message, underlying: error)
        case nil: throw LanguageModelError(.unreadableFile, "the model file was not hashed")
        }
    }
}
