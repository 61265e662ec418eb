import Synchronization

/// The newest word of a system about each of its limits, as a connector has heard it.
public final class CallBudgets: Sendable {
    private let newest = Mutex<[String: CallBudget]>([:])

    /// Nothing heard yet.
    public init() {}

    /// Takes in what an answer said. Answers of concurrent calls overtake each other: an older one changes nothing.
    public func observe(_ budget: CallBudget) {
        newest.withLock { newest in
            if let known = newest[budget.name], known.observedAt > budget.observedAt { return }
            newest[budget.name] = budget
        }
    }

    /// One budget for each limit that was ever heard of, by name.
    public var all: [CallBudget] { newest.withLock { $0.values.sorted { $0.name < $1.name } } }
}
