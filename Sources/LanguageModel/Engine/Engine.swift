/// A loaded model with its caches. It belongs to one thread at a time and knows nothing of requests.
final class Engine {
    let tokenizer: Tokenizer
    let template: ChatTemplate
    /// The most tokens of one sequence.
    let context: Int
    let inference: Inference
    private let layout: KeyValueLayout
    private var prefixes: PrefixStore
    /// The priors of variants; one for each variant and text before it, and those repeat with a playbook's leads.
    private var priors = RecentValues<Continuation, Double>(limit: 2048)

    /// A variant behind a text.
    private struct Continuation: Hashable {
        let context: [Int32]
        let variant: [Int32]
    }

    typealias Logits = UnsafeBufferPointer<Float>

    /// - Throws: as ``LocalModel/init(path:threads:cacheBytes:)``.
    init(_ file: GGUFFile, threads: Int, cacheBytes: Int) throws(LanguageModelError) {
        tokenizer = try Tokenizer(file)
        template = try ChatTemplate(file)
        let model = try Transformer(file, pool: ThreadPool(threads: threads))
        guard tokenizer.count == model.shape.vocabulary else {
            throw .malformed(
                "tokenizer.ggml.tokens has \(tokenizer.count) entries, token_embd.weight \(model.shape.vocabulary)")
        }
        context = model.shape.context
        layout = KeyValueLayout(model.shape)
        inference = Inference(model)
        prefixes = PrefixStore(layout, bytes: cacheBytes)
    }

    /// A sequence that holds the longest known beginning of the tokens.
    func sequence(beginning tokens: [Int32]) -> KeyValueCache { prefixes.longestPrefix(of: tokens) }

    /// Keeps a sequence's first tokens for those that begin like it.
    func keep(_ sequence: KeyValueCache, first count: Int) { prefixes.keep(sequence, first: count) }

    /// Makes the sequence say exactly `tokens`, computing only what differs from what it said, and shows the logits of
    /// what follows. How much was there already does not show in the logits.
    ///
    /// - Throws: `contextOverflow`, `cancelled`, `malformedFile` when the model gives no numbers.
    func read<Result>(
        _ tokens: [Int32], _ sequence: inout KeyValueCache, _ cancellation: Cancellation,
        _ show: (Logits) -> Result
    ) throws(LanguageModelError) -> Result {
        guard !tokens.isEmpty, tokens.count <= context else { throw overflow(tokens.count) }
        // The last token is computed again even if it is known: its logits are not kept.
        let known = min(Self.commonCount(sequence.tokens, tokens), tokens.count - 1)
        sequence.roll(backTo: known)
        var isBroken = false
        let shown = inference.append(
            tokens[known...], to: &sequence, isCancelled: { cancellation.isCancelled },
            last: { logits in
                isBroken = logits.contains(where: \.isNaN)
                return show(logits)
            })
        guard let shown else { throw .noLongerWanted }
        guard !isBroken else {
            throw LanguageModelError(.malformedFile, "the model's weights give no numbers; fetch the file again")
        }
        return shown
    }

    /// For each variant the log-probability of each of its tokens after `tokens`. The sequence says `tokens` before
    /// and after.
    func logProbabilities(
        of variants: [[Int32]], after tokens: [Int32], _ sequence: inout KeyValueCache, _ cancellation: Cancellation
    ) throws(LanguageModelError) -> [[Float]] {
        let longest = variants.map(\.count).max() ?? 0
        guard tokens.count + longest <= context else { throw overflow(tokens.count + longest) }
        var values = try read(tokens, &sequence, cancellation) { logits in
            variants.map { $0.prefix(1).map { first in Self.logProbability(of: first, logits) } }
        }
        for (index, variant) in variants.enumerated() where variant.count > 1 {
            let done = inference.append(
                variant.dropLast(), to: &sequence, isCancelled: { cancellation.isCancelled },
                each: { place, logits in
                    values[index].append(Self.logProbability(of: variant[place + 1], logits))
                })
            sequence.roll(backTo: tokens.count)
            guard done else { throw .noLongerWanted }
        }
        return values
    }

    /// For each variant its mean log-probability a token after `tokens`; remembered.
    func priors(of variants: [[Int32]], after tokens: [Int32], _ cancellation: Cancellation)
        throws(LanguageModelError) -> [Double]
    {
        var means = variants.map { priors[Continuation(context: tokens, variant: $0)] }
        let unknown = means.indices.filter { means[$0] == nil }
        if !unknown.isEmpty {
            var sequence = sequence(beginning: tokens)
            let values = try logProbabilities(
                of: unknown.map { variants[$0] }, after: tokens, &sequence, cancellation)
            keep(sequence, first: tokens.count)
            for (index, logProbabilities) in zip(unknown, values) {
                let mean = VariantScore.mean(logProbabilities)
                means[index] = mean
                priors[Continuation(context: tokens, variant: variants[index])] = mean
            }
        }
        return means.map { $0 ?? 0 }
    }

    /// Makes the sequence say exactly `tokens`, without asking what follows.
    func prefill(_ tokens: [Int32], _ sequence: inout KeyValueCache, _ cancellation: Cancellation)
        throws(LanguageModelError)
    {
        guard tokens.count <= context else { throw overflow(tokens.count) }
        let known = Self.commonCount(sequence.tokens, tokens)
        sequence.roll(backTo: known)
        guard inference.append(tokens[known...], to: &sequence, isCancelled: { cancellation.isCancelled }) else {
            throw .noLongerWanted
        }
    }

    func overflow(_ tokens: Int) -> LanguageModelError {
        LanguageModelError(
            .contextOverflow,
            "prompt and text take \(tokens) tokens, and the model reads \(context); shorten the prompt or the scaffold")
    }

    private static func commonCount(_ a: [Int32], _ b: [Int32]) -> Int { zip(a, b).prefix { $0 == $1 }.count }

    private static func logProbability(of token: Int32, _ logits: Logits) -> Float {
        logits[Int(token)] - Inference.logSumExp(logits)
    }
}

extension LanguageModelError {
    static var noLongerWanted: LanguageModelError {
        LanguageModelError(.cancelled, "the text is no longer wanted")
    }
}
