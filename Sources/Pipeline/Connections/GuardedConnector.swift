import CRM

/// A connector that leaves its system alone while that is down or refuses us, and tells what it says about call budgets.
///
/// The call that opened a circuit, and every failed probe, is to be waited out like those that are turned away. Reading
/// and writing have a circuit each: a system may be fit for one only, and every write is preceded by a read.
final class GuardedConnector: Connector {
    private let connector: any Connector
    private let reports: BudgetReports
    private let reading: CircuitBreaker
    private let writing: CircuitBreaker

    init(
        _ connector: any Connector, id: Int64, policy: Circuit.Policy, recorder: any CallBudgetRecorder,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.connector = connector
        reports = BudgetReports(to: recorder, connection: id)
        reading = CircuitBreaker(policy, uptime: uptime)
        writing = CircuitBreaker(policy, uptime: uptime)
    }

    var connection: ConnectionSettings { connector.connection }
    var budgets: [CallBudget] { connector.budgets }

    /// Setting up is a person's work, who sees what fails: it is neither held back nor counted.
    func connect() async throws(CRMError) -> [SetUpStep] { try await connector.connect() }

    func read(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        try await read { () throws(CRMError) in try await connector.read(leads, known: known) }
    }

    func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        try await read { () throws(CRMError) in try await connector.resolve(event) }
    }

    func readBack(_ intents: [WriteIntent]) async throws(CRMError) -> [ReadBack] {
        try await read { () throws(CRMError) in try await connector.readBack(intents) }
    }

    func write(_ intents: [WriteIntent]) async throws(CRMError) -> [WriteOutcome] {
        try writing.admit()
        let outcomes: [WriteOutcome]
        do throws(CRMError) { outcomes = try await connector.write(intents) } catch { throw writing.fail(error) }
        reports.report(connector.budgets)
        let errors = outcomes.compactMap(\.error)
        if errors.count < outcomes.count { writing.succeed() }
        // Several outcomes may stem from one call: they count once, as the word that came last.
        guard let failure = errors.first(where: { $0.circuitFailure != nil }) else {
            writing.succeed()
            return outcomes
        }
        guard let wait = writing.fail(failure).retryAfter else { return outcomes }
        return outcomes.map { outcome in
            guard let error = outcome.error, error.circuitFailure != nil else { return outcome }
            return .failed(error.waiting(wait))
        }
    }

    private func read<Answer: Sendable>(_ call: () async throws(CRMError) -> Answer) async throws(CRMError) -> Answer {
        try reading.admit()
        let answer: Answer
        do throws(CRMError) {
            answer = try await call()
        } catch {
            reports.report(connector.budgets)
            throw reading.fail(error)
        }
        reports.report(connector.budgets)
        reading.succeed()
        return answer
    }
}

extension WriteOutcome {
    fileprivate var error: CRMError? {
        if case .failed(let error) = self { error } else { nil }
    }
}
