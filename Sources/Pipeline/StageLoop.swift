import JobQueue
import Synchronization
import Telemetry

/// Claims and performs the jobs of one stage, as long as there are any, whenever it is woken.
final class StageLoop: Sendable {
    private let stage: Stage
    private let limit: Int
    private let cost: CallCost
    private let queue: JobQueue
    private let log: Log
    private let perform: @Sendable ([Job]) async -> Void
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(
        stage: Stage, limit: Int, cost: CallCost, queue: JobQueue, log: Log,
        perform: @escaping @Sendable ([Job]) async -> Void
    ) {
        self.stage = stage
        self.limit = limit
        self.cost = cost
        self.queue = queue
        self.log = log
        self.perform = perform
        // One signal kept is enough: a woken loop looks until the queue has nothing more.
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        signal.yield()
    }

    /// Takes a call in. Never blocks.
    func wake(for wakeUp: WakeUp) {
        if wakeUp.concerns(stage.rawValue) { signal.yield() }
    }

    /// Runs until the task is cancelled. A batch that was claimed is always performed: cancellation is seen between
    /// batches only, so that nothing is left half done.
    func run() async {
        for await _ in signals {
            // A batch that is not full is all there was; for whatever came since there is another signal.
            while !Task.isCancelled, await performBatch() == limit {}
            if Task.isCancelled { return }
        }
    }

    /// Claims a batch and performs it.
    ///
    /// - Returns: how many jobs it had.
    func performBatch() async -> Int {
        let jobs: [Job]
        do {
            jobs = try await queue.claim(stage: stage.rawValue, limit: limit, cost: cost)
        } catch {
            // The next wake-up, a second away at most, tries again.
            log(.error, "claim failed", ["stage": stage.rawValue, "error": "\(error)"])
            return 0
        }
        guard !jobs.isEmpty else { return 0 }
        let work = Task { [perform] in await perform(jobs) }
        await Lease(jobs: jobs, queue: queue, log: log).hold(while: work)
        return jobs.count
    }
}
