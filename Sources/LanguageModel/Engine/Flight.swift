/// A reading on its way through the model.
final class Flight {
    let job: Job
    /// The reading's place among the job's.
    let place: Int
    let reading: Reading
    /// The sequence; `nil` until the flight begins.
    private(set) var sequence: KeyValueCache?
    private(set) var knownTokens = 0
    /// What was seen behind the watched tokens, in order.
    private var observations: [Observation] = []

    init(_ job: Job, place: Int) {
        self.job = job
        self.place = place
        reading = job.readings[place]
    }

    /// Tokens that the sequence says.
    var count: Int { sequence?.count ?? 0 }

    /// Tokens that the model has still to read.
    var remaining: Int { reading.readCount - count }

    /// Begins behind what is known. The first watched token is read again even if it is known: its logits are not kept.
    func begin(with known: KeyValueCache) {
        var sequence = known
        let needed = min(reading.readCount, reading.watched.first ?? reading.readCount)
        let common = zip(sequence.tokens, reading.tokens.prefix(needed)).prefix { $0 == $1 }.count
        sequence.roll(backTo: common)
        self.sequence = sequence
        knownTokens = common
    }

    /// Adds its next tokens to a batch, and the watched ones among them to the questions.
    func join(_ batch: inout Batch, _ questions: inout [Question], tokens count: Int) {
        guard var sequence else { return }
        let places = sequence.count..<sequence.count + count
        let firstRow = batch.count
        batch.add(reading.tokens[places], to: &sequence, adapter: job.adapter)
        self.sequence = sequence
        for watched in places.clamped(to: reading.watched) {
            questions.append(Question(reading, behind: watched, row: firstRow + watched - places.lowerBound))
        }
    }

    /// Takes the answers to the questions of a pass, in order.
    func take(_ seen: some Sequence<Observation>) { observations += seen }

    /// How many answers it still expects of the last pass.
    var unanswered: Int { places(read: count) - observations.count }

    private func places(read count: Int) -> Int { (0..<count).clamped(to: reading.watched).count }

    /// Why it cannot be answered.
    var failure: LanguageModelError? { observations.lazy.compactMap(\.failure).first }

    /// The answer, when everything was read.
    func answer() -> Answer? {
        guard let sequence, remaining == 0 else { return nil }
        let value: Answer.Value =
            switch reading.ask {
            case .nothing: .nothing
            case .draw:
                if case .drawn(let drawn, let sampler)? = observations.first {
                    .drawn(drawn, sampler)
                } else {
                    .nothing
                }
            case .logProbabilities: .logProbabilities(observations.compactMap(\.logProbability))
            case .expectations: .expectations(observations.compactMap(\.expectation))
            }
        return Answer(sequence: sequence, knownTokens: knownTokens, value: value)
    }
}
