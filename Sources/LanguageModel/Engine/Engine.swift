import Synchronization

/// A loaded model that makes many texts at once. It belongs to one thread, and knows nothing of what the texts are for.
///
/// Each step is one pass of the model over the next tokens of everything that is under way: texts that are being written
/// go on by a token, prompts by a chunk; texts join and leave between any two steps. What a prompt shares with one that
/// is known or just being read is read once: it waits for those pages and goes on from them.
final class Engine {
    let tokenizer: Tokenizer
    let template: ChatTemplate
    let shape: ModelShape
    private let inference: Inference
    private var prefixes: PrefixStore
    /// Answers to readings that repeat from text to text.
    private var remembered = RecentValues<RememberedReading, [Float]>(limit: 4096)

    /// Texts that have not begun.
    private var waiting = JobQueueByPrefix()
    /// Texts under way.
    private var running: [Job] = []
    /// The most texts under way at once.
    private let maximumJobs: Int
    /// Readings under way, and those that wait for one of them.
    private var flights: [Flight] = []
    private var held: [Flight] = []

    /// - Parameters:
    ///   - maximumJobs: the texts made at once; more wait.
    /// - Throws: as ``LocalModel/init(path:threads:cacheBytes:texts:)``.
    init(_ file: GGUFFile, threads: Int, cacheBytes: Int, maximumJobs: Int) throws(LanguageModelError) {
        tokenizer = try Tokenizer(file)
        template = try ChatTemplate(file)
        let model = try Transformer(file, pool: ThreadPool(threads: threads))
        guard tokenizer.count == model.shape.vocabulary else {
            throw .malformed(
                "tokenizer.ggml.tokens has \(tokenizer.count) entries, token_embd.weight \(model.shape.vocabulary)")
        }
        shape = model.shape
        inference = Inference(model)
        prefixes = PrefixStore(KeyValueLayout(model.shape), bytes: cacheBytes)
        self.maximumJobs = max(1, maximumJobs)
    }

    /// Whether there is nothing to do.
    var isIdle: Bool { running.isEmpty && waiting.isEmpty }

    /// Takes a text on. Its writer has already said what it wants first.
    func submit(_ job: Job) {
        if !job.isFinished { waiting.append(job) }
    }

    /// Forgets what was computed with an adapter.
    func forget(adapter: String) { prefixes.forget(adapter: adapter) }

    /// Does one pass over what is under way.
    func step() {
        dropUnwanted()
        while running.count < maximumJobs, let job = waiting.next() {
            running.append(job)
            hold(job)
        }
        settle()
        let chosen = nextTokens()
        var batch = Batch()
        var questions: [Question] = []
        for (flight, count) in chosen { flight.join(&batch, &questions, tokens: count) }
        let observations = Mutex([Observation?](repeating: nil, count: questions.count))
        inference.pass(batch, logitsOf: questions.map(\.row)) { [questions] index, logits in
            let answer = questions[index].answer(logits)
            observations.withLock { $0[index] = answer }
        }
        var answers = observations.withLock(\.self)[...]
        for (flight, _) in chosen {
            let count = flight.unanswered
            flight.take(answers.prefix(count).compactMap(\.self))
            answers = answers.dropFirst(count)
            if let sequence = flight.sequence {
                prefixes.keep(sequence, first: min(flight.reading.kept, sequence.count), in: flight.job.scope)
            }
        }
        land()
        settle()
    }

    // MARK: Texts

    private func dropUnwanted() {
        let now = ContinuousClock.now
        for job in running { job.endIfUnwanted(at: now) }
        waiting.dropUnwanted(at: now)
        forgetFinished()
    }

    private func forgetFinished() {
        running.removeAll(where: \.isFinished)
        flights.removeAll(where: \.job.isFinished)
        held.removeAll(where: \.job.isFinished)
    }

    /// Lets every writer whose answers are all there go on, until each waits for the model. They do it side by side:
    /// what they look at in a text takes as long as a layer.
    private func settle() {
        while true {
            beginHeld()
            let ready = running.filter(\.isReady)
            guard !ready.isEmpty else { return }
            inference.model.pool.run(chunks: ready.count) { ready[$0].advance() }
            forgetFinished()
            for job in ready { hold(job) }
        }
    }

    // MARK: Readings

    private func hold(_ job: Job) {
        for place in job.readings.indices { held.append(Flight(job, place: place)) }
    }

    /// Begins what need not wait for another reading any more.
    private func beginHeld() {
        held.removeAll { flight in
            if let answer = rememberedAnswer(flight) {
                flight.job.take(answer, for: flight.place)
                return true
            }
            return begin(flight)
        }
    }

    /// Begins a reading behind the longest beginning that is known, unless a longer one is just being read.
    private func begin(_ flight: Flight) -> Bool {
        let tokens = flight.reading.tokens
        if let key = RememberedReading(flight), flights.contains(where: { RememberedReading($0) == key }) {
            return false
        }
        if let base = flight.reading.base {
            flight.begin(with: base)
        } else {
            var best = prefixes.longestPrefix(of: tokens, in: flight.job.scope)
            for other in flights where other.job.scope == flight.job.scope {
                guard let sequence = other.sequence else { continue }
                let common = zip(other.reading.tokens, tokens).prefix { $0 == $1 }.count
                if common >= best.count + KeyValuePage.positions, sequence.count < common { return false }
                if min(common, sequence.count) > best.count {
                    best = sequence
                    best.roll(backTo: common)
                }
            }
            flight.begin(with: best)
        }
        flights.append(flight)
        return true
    }

    /// What goes into the next pass: a token for each text that is being written, then as much of the prompts as there
    /// is room for. Readings that begin alike stand side by side, so that a page they share is read once.
    private func nextTokens() -> [(flight: Flight, count: Int)] {
        var room = inference.capacity
        var chosen: [(flight: Flight, count: Int)] = []
        for flight in flights.filter({ $0.remaining == 1 }) + flights.filter({ $0.remaining > 1 }) where room > 0 {
            let count = min(room, flight.remaining)
            chosen.append((flight, count))
            room -= count
        }
        return chosen.sorted { a, b in
            let (first, second) = (a.flight.job.scope, b.flight.job.scope)
            return first == second
                ? a.flight.reading.tokens.lexicographicallyPrecedes(b.flight.reading.tokens)
                : (first.adapter, first.tenant) < (second.adapter, second.tenant)
        }
    }

    /// Gives what was read to the writers.
    private func land() {
        for flight in flights {
            if let failure = flight.failure {
                flight.job.end(failure)
            } else if let answer = flight.answer() {
                flight.job.take(answer, for: flight.place)
                if let key = RememberedReading(flight), case .logProbabilities(let values) = answer.value {
                    remembered[key] = values
                }
            }
        }
        flights.removeAll { $0.remaining == 0 }
        forgetFinished()
    }

    private func rememberedAnswer(_ flight: Flight) -> Answer? {
        guard let key = RememberedReading(flight), let values = remembered[key] else { return nil }
        return Answer(
            sequence: KeyValueCache(KeyValueLayout(shape)), knownTokens: flight.reading.tokens.count,
            value: .logProbabilities(values))
    }
}

/// A reading whose answer is the same whenever it is asked.
private struct RememberedReading: Hashable {
    let scope: PrefixScope
    let tokens: [Int32]
    let last: Int

    init?(_ flight: Flight) {
        guard flight.reading.isRemembered, case .logProbabilities(let last) = flight.reading.ask else { return nil }
        scope = flight.job.scope
        tokens = flight.reading.tokens
        self.last = last
    }
}
