/// Texts that wait to be begun, those first that begin like the one before: what they share is then still there.
///
/// Nobody waits for ever: a text that was passed over often enough is next.
struct JobQueueByPrefix {
    private var jobs: [Job] = []
    /// What the last text that was begun reads first.
    private var last: (scope: PrefixScope, tokens: [Int32])?

    /// How often a text may be passed over.
    private static let patience = 64

    var isEmpty: Bool { jobs.isEmpty }

    mutating func append(_ job: Job) { jobs.append(job) }

    /// The next text to begin.
    mutating func next() -> Job? {
        guard !jobs.isEmpty else { return nil }
        var best = 0
        if let last, jobs[0].passedOver < Self.patience {
            var longest = -1
            for (index, job) in jobs.enumerated() where job.scope == last.scope {
                let tokens = job.readings.first?.tokens ?? []
                let common = zip(tokens, last.tokens).prefix { $0 == $1 }.count
                if common > longest { (best, longest) = (index, common) }
            }
        }
        for index in 0..<best { jobs[index].passedOver += 1 }
        let job = jobs.remove(at: best)
        last = job.readings.first.map { (job.scope, $0.tokens) }
        return job
    }

    mutating func dropUnwanted(at now: ContinuousClock.Instant) {
        for job in jobs { job.endIfUnwanted(at: now) }
        jobs.removeAll(where: \.isFinished)
    }
}
