import CRM
import Synchronization

/// Tells what a connection's CRM says about its call budgets, beside the work that calls it and not in its way: one
/// report at a time, and the newest word only.
final class BudgetReports: Sendable {
    private struct State {
        var newest: [CallBudget] = []
        var isReporting = false
    }

    private let recorder: any CallBudgetRecorder
    private let connection: Int64
    private let state = Mutex(State())

    init(to recorder: any CallBudgetRecorder, connection: Int64) {
        self.recorder = recorder
        self.connection = connection
    }

    /// Takes the newest word in. Never waits.
    func report(_ budgets: [CallBudget]) {
        let isFirst = state.withLock { state in
            guard state.newest != budgets else { return false }
            state.newest = budgets
            defer { state.isReporting = true }
            return !state.isReporting
        }
        if isFirst { Task { await send() } }
    }

    private func send() async {
        var sent: [CallBudget] = []
        while let budgets = next(after: sent) {
            await recorder.record(budgets: budgets, connection: connection)
            sent = budgets
        }
    }

    private func next(after sent: [CallBudget]) -> [CallBudget]? {
        state.withLock { state in
            state.isReporting = state.newest != sent
            return state.isReporting ? state.newest : nil
        }
    }
}
