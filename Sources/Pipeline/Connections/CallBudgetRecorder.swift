public import CRM
public import JobQueue

/// Takes what a CRM said about its call budgets, so that work is claimed within them.
public protocol CallBudgetRecorder: Sendable {
    /// Called after calls of a connection, with the newest word on each of its budgets. Failing to keep it is the
    /// recorder's own affair: the next call brings it again.
    func record(budgets: [CallBudget], connection: Int64) async
}

/// Keeps no budgets.
public struct NoCallBudgets: CallBudgetRecorder {
    public init() {}
    public func record(budgets: [CallBudget], connection: Int64) async {}
}

extension JobQueue: CallBudgetRecorder {
    public func record(budgets: [CallBudget], connection: Int64) async {
        let observed = budgets.map {
            ObservedBudget(
                name: $0.name, calls: $0.limit, interval: $0.interval, remaining: $0.remaining,
                observedAt: $0.observedAt)
        }
        try? await observe(observed, connection: connection)
    }
}
