/// What a writer wants of the model next: that a sequence says exactly these tokens, and something about them.
struct Reading {
    let tokens: [Int32]
    /// The sequence to go on from; its tokens are used as far as they agree. `nil` for the longest beginning known.
    let base: KeyValueCache?
    let ask: Ask
    /// How many of the first tokens are worth keeping for others that begin like this.
    let kept: Int
    /// Whether the answer is the same for many texts, and is remembered: without a draw and of no use as a sequence.
    let isRemembered: Bool

    init(_ tokens: [Int32], from base: KeyValueCache? = nil, _ ask: Ask, kept: Int = 0, isRemembered: Bool = false) {
        self.tokens = tokens
        self.base = base
        self.ask = ask
        self.kept = kept
        self.isRemembered = isRemembered
    }

    /// What is asked.
    enum Ask {
        /// That the tokens are read.
        case nothing
        /// A token to follow the last, one that the constraint allows.
        case draw(Sampler, under: (any TokenConstraint & Sendable)? = nil)
        /// The log-probability of each of the last tokens, given all before it.
        case logProbabilities(last: Int)
        /// The likeliest tokens behind every token.
        case expectations(top: Int)
    }

    /// The tokens that the model must read; the last one of a question about the tokens themselves need not be.
    var readCount: Int {
        if case .logProbabilities = ask { return tokens.count - 1 }
        return tokens.count
    }

    /// The places of the tokens behind which the model's expectation is wanted.
    var watched: Range<Int> {
        switch ask {
        case .nothing: 0..<0
        case .draw: tokens.count - 1..<tokens.count
        case .logProbabilities(let last): tokens.count - last - 1..<tokens.count - 1
        case .expectations: 0..<tokens.count
        }
    }
}

/// What came of a reading.
struct Answer {
    /// The sequence, for going on.
    let sequence: KeyValueCache
    /// How many of its tokens were known before.
    let knownTokens: Int
    let value: Value

    /// By the reading's ``Reading/Ask``.
    enum Value {
        case nothing
        /// The token, and the sampler for the next one.
        case drawn(Sampler.Draw, Sampler)
        case logProbabilities([Float])
        case expectations([Expectation])
    }
}

/// Makes one text: says what it wants read, is given the answers, and wants more, until it is done.
///
/// Pure: a writer neither knows the model nor waits for it, so the readings of many are done together.
protocol Writer<Output>: Sendable {
    associatedtype Output: Sendable

    /// The next step after the answers to the last one's readings, in their order; none the first time.
    mutating func next(_ answers: [Answer]) throws(LanguageModelError) -> WritingStep<Output>
}

/// What a writer does next.
enum WritingStep<Output> {
    /// Wants these done; at least one.
    case read([Reading])
    case finish(Output)
}
