import Cryptography
import Dispatch
import Foundation
import Synchronization

/// A GGUF file run on this machine's processor.
///
/// Requests are served one after another on a thread of their own, each with all of the model's threads; Swift's
/// shared threads never block. A request ends soon after its task is cancelled: within one token, or one chunk of 128
/// tokens while it reads.
///
/// What many requests begin with is computed once (``GenerationOutput/cachedTokens`` tells how much was known), and
/// neither that, nor the number of threads, nor the processor's kind changes a byte of a text.
///
/// `@unchecked Sendable`: `engine` is touched on `queue` only, which runs one block at a time.
public final class LocalModel: LanguageModel, @unchecked Sendable {
    public let identity: ModelIdentity
    private let engine: Engine
    private let queue = DispatchQueue(label: "leadwright.model")

    /// Maps the file, packs its weights for this processor and hashes it, in about a tenth of a second for a 135M
    /// model; packing takes about as much memory again as the file is long.
    ///
    /// - Parameters:
    ///   - threads: how many threads a request uses; every core's when `nil`. They sleep while there is nothing to do.
    ///   - cacheBytes: how much memory keeps computed prompts for requests that begin the same. The sequence being
    ///     written comes on top: 23 KiB a token for a 135M model.
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel`,
    ///   naming the architecture, tensor type, tokenizer or template that we cannot run.
    public init(path: String, threads: Int? = nil, cacheBytes: Int = 256 << 20) throws(LanguageModelError) {
        let hashing = Hashing(path: path)
        engine = try Engine(
            GGUFFile(path: path), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            cacheBytes: cacheBytes)
        identity = ModelIdentity(
            name: URL(filePath: path).lastPathComponent, sha256: try hashing.value(), isReproducible: true)
    }

    public func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput {
        try request.validate()
        return try await perform { engine, cancellation throws(LanguageModelError) in
            var writer = try ScaffoldWriter(request, engine, cancellation)
            return try writer.write()
        }
    }

    /// Lets the model answer a conversation freely, until it ends its turn or has said `maximumTokens`.
    ///
    /// - Parameter ignoresEnd: whether it goes on past the end of its turn, so that every text has the same length: for
    ///   measurements.
    /// - Throws: ``LanguageModelError``: `contextOverflow`, `cancelled`.
    public func complete(
        _ messages: [ChatMessage], maximumTokens: Int, sampling: Sampling = Sampling(), seed: UInt64 = 0,
        ignoresEnd: Bool = false
    ) async throws(LanguageModelError) -> Completion {
        try await perform { engine, cancellation throws(LanguageModelError) in
            try engine.complete(
                messages, maximumTokens: maximumTokens, sampling: sampling, seed: seed, ignoresEnd: ignoresEnd,
                cancellation)
        }
    }

    /// What the model expects after each token of a text that is given as tokens.
    ///
    /// - Throws: ``LanguageModelError``: `invalidRequest` for no tokens or one that is not in the vocabulary,
    ///   `contextOverflow`, `cancelled`.
    public func logProbabilities(ids: [Int32], top: Int) async throws(LanguageModelError) -> LogProbabilities {
        try await perform { engine, cancellation throws(LanguageModelError) in
            guard !ids.isEmpty else { throw LanguageModelError(.invalidRequest, "there are no tokens to read") }
            if let id = ids.first(where: { !(0..<Int32(engine.tokenizer.count)).contains($0) }) {
                throw LanguageModelError(
                    .invalidRequest, "token \(id) is not among the model's \(engine.tokenizer.count)")
            }
            guard ids.count <= engine.context else { throw engine.overflow(ids.count) }
            let values = engine.inference.logProbabilities(
                of: ids, top: top, isCancelled: { cancellation.isCancelled })
            guard let values else { throw .noLongerWanted }
            return values
        }
    }

    /// Runs a request in its turn.
    private func perform<Result: Sendable>(
        _ body: @escaping @Sendable (Engine, Cancellation) throws(LanguageModelError) -> Result
    ) async throws(LanguageModelError) -> Result {
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { [self] in
                    continuation.resume(
                        returning: Swift.Result { () throws(LanguageModelError) in try body(engine, cancellation) })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}

/// A file's SHA-256, computed while something else is done.
private final class Hashing: Sendable {
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
