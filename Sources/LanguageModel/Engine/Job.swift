/// A text that is being made: its writer, and who waits for it.
///
/// `@unchecked Sendable`: before it is submitted it belongs to the caller, afterwards to the engine's thread, which
/// lends it to one of the model's threads for ``advance()``.
final class Job: @unchecked Sendable {
    let scope: PrefixScope
    let adapter: LayeredAdapter?
    private let deadline: ContinuousClock.Instant?
    private let cancellation: Cancellation
    private let next: ([Answer]) throws(LanguageModelError) -> [Reading]?
    private let fail: (LanguageModelError) -> Void

    /// What it waits for.
    private(set) var readings: [Reading] = []
    private var answers: [Answer?] = []
    private(set) var isFinished = false
    /// How often a later job was begun before it.
    var passedOver = 0

    /// - Parameter finish: is called once, on any thread.
    init<W: Writer>(
        _ writer: W, scope: PrefixScope, adapter: LayeredAdapter?, deadline: ContinuousClock.Instant?,
        cancellation: Cancellation, finish: @escaping (Result<W.Output, LanguageModelError>) -> Void
    ) {
        self.scope = scope
        self.adapter = adapter
        self.deadline = deadline
        self.cancellation = cancellation
        var writer = writer
        next = { answers throws(LanguageModelError) in
            switch try writer.next(answers) {
            case .read(let readings): return readings
            case .finish(let output):
                finish(.success(output))
                return nil
            }
        }
        fail = { finish(.failure($0)) }
    }

    /// Whether all answers are there.
    var isReady: Bool { !isFinished && answers.allSatisfy { $0 != nil } }

    func take(_ answer: Answer, for reading: Int) { answers[reading] = answer }

    /// Lets the writer go on with its answers; `readings` is then what it wants, unless it finished.
    func advance() {
        do throws(LanguageModelError) {
            guard let wanted = try next(answers.compactMap(\.self)) else {
                isFinished = true
                readings = []
                return
            }
            readings = wanted
            answers = Array(repeating: nil, count: wanted.count)
        } catch {
            end(error)
        }
    }

    /// Ends it early.
    func end(_ error: LanguageModelError) {
        guard !isFinished else { return }
        isFinished = true
        readings = []
        fail(error)
    }

    /// Ends it when it is no longer wanted, or too late.
    func endIfUnwanted(at now: ContinuousClock.Instant) {
        if cancellation.isCancelled {
            end(LanguageModelError(.cancelled, "the text is no longer wanted"))
        } else if let deadline, now >= deadline {
            end(LanguageModelError(.deadlineExceeded, "the text was not finished by its deadline; allow more time"))
        }
    }
}
