import Cryptography
import Dispatch
import Foundation
import Synchronization

/// A GGUF file run on this machine's processor.
///
/// Many texts are made at once, each with all of the model's threads: what they read and write goes through the model
/// together, and texts join and leave at any token. A text ends soon after its task is cancelled or its deadline has
/// passed: within one pass of the model. Swift's shared threads never block.
///
/// What many requests begin with is computed once (``GenerationOutput/cachedTokens`` tells how much was known), also when
/// they all come at the same moment. Neither that, nor what else is being written, nor the number of threads, nor the
/// processor's kind changes a byte of a text.
public final class LocalModel: LanguageModel, Sendable {
    public let identity: ModelIdentity
    let loop: EngineLoop
    private let tokenizer: Tokenizer
    private let template: ChatTemplate
    private let shape: ModelShape
    private let base: AdapterBase
    private let adapters = Mutex<[String: LayeredAdapter]>([:])
    /// Made when the first grammar comes.
    private let tokenIndex = Mutex<TokenIndex?>(nil)
    /// Each grammar's constraint at its beginning, with what it knows of the vocabulary.
    private let constraints = Mutex(RecentValues<JSONSchemaGrammar, GrammarConstraint>(limit: 64))

    /// Maps the file, packs its weights for this processor and hashes it, in about a tenth of a second for a 135M
    /// model; packing takes about as much memory again as the file is long.
    ///
    /// - Parameters:
    ///   - threads: how many threads the model uses; every core's when `nil`. They sleep while there is nothing to do.
    ///   - cacheBytes: how much memory keeps computed prompts for requests that begin the same. The sequences being
    ///     written come on top: 23 KiB a token for a 135M model, less what they share.
    ///   - texts: how many texts are made at once; more wait, in an order that serves what they share.
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel`,
    ///   naming the architecture, tensor type, tokenizer or template that we cannot run.
    public init(
        path: String, threads: Int? = nil, cacheBytes: Int = 128 << 20, texts: Int = 16
    ) throws(LanguageModelError) {
        let hashing = Hashing(path: path)
        let file = try GGUFFile(path: path)
        let engine = try Engine(
            file, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, cacheBytes: cacheBytes,
            maximumJobs: texts)
        tokenizer = engine.tokenizer
        template = engine.template
        shape = engine.shape
        base = try AdapterBase(file)
        identity = ModelIdentity(
            name: URL(filePath: path).lastPathComponent, sha256: try hashing.value(), isReproducible: true)
        loop = EngineLoop(engine)
    }

    deinit { loop.stop() }

    public func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput {
        try request.validate()
        let adapter = try adapter(request.adapter)
        let writer = try ScaffoldWriter(
            request, tokenizer, template, context: shape.context, adapterSHA256: adapter?.adapter.sha256)
        return try await perform(writer, adapter, tenant: request.tenant, deadline: request.deadline)
    }

    /// Lets the model answer a conversation freely, until it ends its turn or has said `maximumTokens`.
    ///
    /// - Parameters:
    ///   - adapter: the name of an adapter; `nil` for the model alone.
    ///   - ignoresEnd: goes on when the model would end its turn, for measurements.
    ///   - stream: is given the text piece by piece, as soon as a piece is whole characters; on a thread of the model,
    ///     so it must return at once.
    /// - Throws: ``LanguageModelError``: `contextOverflow`, `unknownAdapter`, `deadlineExceeded`, `cancelled`.
    public func complete(
        _ messages: [ChatMessage], maximumTokens: Int, sampling: Sampling = Sampling(), seed: UInt64 = 0,
        adapter name: String? = nil, ignoresEnd: Bool = false, deadline: ContinuousClock.Instant? = nil,
        stream: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(LanguageModelError) -> Completion {
        try sampling.validate()
        let prompt = template.tokens(messages, tokenizer)
        let writer = try CompletionWriter(
            prompt: prompt, maximumTokens: maximumTokens,
            sampler: Sampler(sampling: sampling, seed: seed, precededBy: prompt), ignoresEnd: ignoresEnd,
            tokenizer: tokenizer,
            context: shape.context, stream: stream)
        return try await perform(writer, try adapter(name), deadline: deadline)
    }

    /// Lets the model answer a conversation with one JSON document that satisfies a schema, whatever the model is.
    ///
    /// - Parameters:
    ///   - maximumTokens: the tokens that the model may draw; behind them the document is completed in the shortest way,
    ///     and ``Completion/isCut`` says so. What can only come next is not drawn and does not count.
    /// - Throws: ``LanguageModelError``: `contextOverflow`, `unknownAdapter`, `deadlineExceeded`, `cancelled`;
    ///   `invalidRequest` when the vocabulary has no token for what the grammar demands.
    public func document(
        _ messages: [ChatMessage], grammar: JSONSchemaGrammar, maximumTokens: Int, sampling: Sampling = Sampling(),
        seed: UInt64 = 0, adapter name: String? = nil, deadline: ContinuousClock.Instant? = nil
    ) async throws(LanguageModelError) -> Completion {
        try sampling.validate()
        let prompt = template.tokens(messages, tokenizer)
        let writer = try DocumentWriter(
            prompt: prompt, constraint: constraint(grammar), maximumTokens: maximumTokens,
            sampler: Sampler(sampling: sampling, seed: seed, precededBy: prompt), tokenizer: tokenizer,
            context: shape.context)
        return try await perform(writer, try adapter(name), deadline: deadline)
    }

    private func constraint(_ grammar: JSONSchemaGrammar) -> GrammarConstraint {
        if let known = constraints.withLock({ $0[grammar] }) { return known }
        let index = tokenIndex.withLock { index in
            let known = index ?? TokenIndex(tokenizer)
            index = known
            return known
        }
        let constraint = GrammarConstraint(grammar, index)
        constraints.withLock { $0[grammar] = constraint }
        return constraint
    }

    /// What the model expects after each token of a text that is given as tokens.
    ///
    /// - Throws: ``LanguageModelError``: `invalidRequest` for no tokens or one that is not in the vocabulary,
    ///   `contextOverflow`, `unknownAdapter`, `cancelled`.
    public func logProbabilities(
        ids: [Int32], top: Int, adapter name: String? = nil
    ) async throws(LanguageModelError) -> LogProbabilities {
        let reader = try ExpectationReader(ids, top: top, vocabulary: tokenizer.count, context: shape.context)
        return try await perform(reader, try adapter(name))
    }

    // MARK: Adapters

    /// Loads an adapter, from a GGUF file or a PEFT directory, and serves it from the next request on under its name.
    /// Texts that are being written with an earlier one of that name go on with it.
    ///
    /// - Throws: ``LanguageModelError``: `unreadableFile`, `malformedFile`, `unsupportedModel`, `adapterMismatch`.
    public func load(adapter name: String, path: String) throws(LanguageModelError) {
        let loaded = LayeredAdapter(try Adapter(name: name, path: path, for: base), layers: shape.layers)
        replace(name, with: loaded)
    }

    /// Serves an adapter no longer.
    public func remove(adapter name: String) { replace(name, with: nil) }

    private func replace(_ name: String, with adapter: LayeredAdapter?) {
        let previous = adapters.withLock { adapters in
            let previous = adapters[name]
            adapters[name] = adapter
            return adapters.values.contains { $0.adapter.sha256 == previous?.adapter.sha256 } ? nil : previous
        }
        if let digest = previous?.adapter.sha256 { loop.order { $0.forget(adapter: digest) } }
    }

    private func adapter(_ name: String?) throws(LanguageModelError) -> LayeredAdapter? {
        guard let name else { return nil }
        if let adapter = adapters.withLock({ $0[name] }) { return adapter }
        throw LanguageModelError(.unknownAdapter, "no adapter \(name) is loaded; load it first")
    }

    // MARK: Work

    private func perform<W: Writer>(
        _ writer: W, _ adapter: LayeredAdapter?, tenant: String = "", deadline: ContinuousClock.Instant? = nil
    ) async throws(LanguageModelError) -> W.Output {
        let cancellation = Cancellation()
        let scope = PrefixScope(adapter: adapter?.adapter.sha256 ?? "", tenant: tenant)
        typealias Outcome = Result<W.Output, LanguageModelError>
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
                let job = Job(
                    writer, scope: scope, adapter: adapter, deadline: deadline, cancellation: cancellation
                ) { continuation.resume(returning: $0) }
                // What it wants first is found out here: encoding a prompt holds up no other text.
                job.advance()
                loop.submit(job)
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}
