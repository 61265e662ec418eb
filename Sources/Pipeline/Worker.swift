public import Configuration
public import Cryptography
public import Foundation
public import HTTPClient
public import JobQueue
public import LanguageModel
import Outcomes
public import PostgresClient
public import Telemetry

/// One worker process: claims jobs of every stage and does them until it is told to stop.
///
/// The three stages run side by side, so that reading and writing go on while the model writes. Any number of workers
/// may share one database; the queue keeps each lead's jobs in order.
public final class Worker: Sendable {
    /// How much a worker takes on at once.
    public struct Limits: Sendable {
        /// Events read together; their leads are read from a CRM in one call.
        public var understand = 32
        /// Texts taken from the queue and made together: what they share is read once, and each weight is read once for
        /// all of them. But all are done late: of two workers with a core each, four texts took 6 s and sixteen 19 to 25,
        /// while an engine makes nine tenths of the tokens with four. To take the next when any is done, instead of all,
        /// made each slower and none come earlier.
        public var generate = 4
        /// Write-backs taken from the queue together, each connection's in as few calls as its system allows: HubSpot
        /// takes 100 in one, Salesforce 200.
        public var write = 200
        /// How long a call to a CRM may take; after it, the result of a write is unknown.
        public var callTimeout = Duration.seconds(30)

        /// The defaults.
        public init() {}
    }

    private let queue: JobQueue
    private let stages: [StageLoop]
    private let upkeep: Upkeep
    private let log: Log

    /// A worker over one database and one model. `key` opens the credentials, and from it come the keys that decide
    /// arms and hide erased leads.
    ///
    /// - Parameters:
    ///   - budgets: Told what the CRMs say about their call budgets; the queue, which reserves calls by it, unless given.
    ///   - now: The clock; this machine's and the database's own unless a test brings another.
    public init(
        pool: PostgresPool, queue: JobQueue, configuration: ConfigurationStore, model: any LanguageModel,
        client: HTTPClient, key: SealingKey, limits: Limits = Limits(),
        budgets: (any CallBudgetRecorder)? = nil, now: (@Sendable () -> Date)? = nil,
        log: Log = Log("worker")
    ) {
        let leads = LeadStore(pool: pool)
        let start = ContinuousClock.now
        let connectors = ConnectorDirectory(
            pool: pool, configuration: configuration, client: client, timeout: limits.callTimeout,
            budgets: budgets ?? queue,
            policy: Circuit.Policy(),
            uptime: { now.map { .seconds($0().timeIntervalSinceReferenceDate) } ?? start.duration(to: .now) })
        let settlement = Settlement(pool: pool, queue: queue, log: log)
        let outbox = Outbox(pool: pool, queue: queue)
        let ledger = EventLedger(
            pool: pool, queue: queue, leads: leads, outcomes: OutcomeRecorder(), erasureKey: key.derived(for: "erasure")
        )
        let planning = Planning(
            pool: pool, queue: queue, configuration: configuration, leads: leads,
            assignmentKey: key.derived(for: "assignment"), now: now)
        let understanding = Understanding(
            pool: pool, connectors: connectors, ledger: ledger, planning: planning, settlement: settlement)
        let generating = Generating(
            pool: pool, queue: queue, configuration: configuration, outbox: outbox, model: model,
            settlement: settlement, now: now ?? { Date() })
        let writing = Writing(
            outbox: outbox, leads: leads, connectors: connectors, settlement: settlement,
            now: now ?? { Date() })
        self.queue = queue
        self.log = log
        self.upkeep = Upkeep(pool: pool, log: log)
        self.stages = [
            StageLoop(
                stage: .understand, limit: limits.understand, cost: .readLeads, queue: queue, log: log,
                perform: understanding.run),
            StageLoop(
                stage: .generate, limit: limits.generate, cost: .none, queue: queue, log: log, perform: generating.run),
            StageLoop(
                stage: .write, limit: limits.write, cost: .writeBack, queue: queue, log: log, perform: writing.run),
        ]
    }

    /// Does all that is due now, and returns when nothing is: for cron-like runs, and for tests.
    public func drain() async {
        var hasWorked = true
        while hasWorked {
            hasWorked = false
            for stage in stages {
                while await stage.performBatch() > 0 { hasWorked = true }
            }
        }
    }

    /// Works until the task is cancelled; then finishes what it holds and returns.
    public func run() async {
        log(.info, "worker started")
        await withTaskGroup(of: Void.self) { group in
            for stage in stages { group.addTask { await stage.run() } }
            group.addTask { [upkeep] in await upkeep.run() }
            group.addTask { [queue, stages] in
                for await wakeUp in queue.wakeUps() { stages.forEach { $0.wake(for: wakeUp) } }
            }
        }
        log(.info, "worker stopped")
    }
}

extension CallCost {
    /// Leads are read a hundred at a time; once more where some were merged.
    fileprivate static let readLeads = CallCost(calls: 2, jobsPerBatch: 100)
    /// Consent is read, the texts are written, and read back.
    fileprivate static let writeBack = CallCost(calls: 3, jobsPerBatch: 100)
}
