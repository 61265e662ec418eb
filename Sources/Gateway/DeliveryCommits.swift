import JobQueue
import PostgresClient
import Synchronization
import Telemetry

/// Commits what arrives together, and answers each delivery after the commit that holds it: ``GroupCommit`` with its
/// input and output.
final class DeliveryCommits: Sendable {
    /// A delivery and whoever waits for its answer.
    private struct Waiting: Sendable {
        let arrival: Arrival
        let answer: CheckedContinuation<Acceptance, any Error>
    }

    private let store: DeliveryStore
    private let metrics: Metrics
    private let state: Mutex<GroupCommit<Waiting>>

    init(store: DeliveryStore, limits: IntakeLimits, metrics: Metrics) {
        self.store = store
        self.metrics = metrics
        state = Mutex(GroupCommit(limits: limits))
    }

    /// Requests between their arrival and their answer.
    var held: Int { state.withLock(\.held) }

    /// Runs the work on a request while it has a place.
    ///
    /// - Returns: `nil`, and nothing was run, when all places are taken.
    func withPlace<T: Sendable>(bytes: Int, _ work: () async throws -> T) async rethrows -> T? {
        guard state.withLock({ $0.enter(bytes: bytes) }) else { return nil }
        defer { state.withLock { $0.leave(bytes: bytes) } }
        return try await work()
    }

    /// Stores a delivery; returns when it is committed.
    ///
    /// A client that goes away meanwhile does not keep its delivery from being stored: others may share its transaction,
    /// and when it comes again it is a duplicate.
    func accept(_ arrival: Arrival) async throws -> Acceptance {
        try await withCheckedThrowingContinuation { answer in
            let waiting = Waiting(arrival: arrival, answer: answer)
            perform(state.withLock { $0.add(waiting, bytes: arrival.body.count) })
        }
    }

    private func perform(_ actions: [GroupCommit<Waiting>.Action]) {
        for action in actions {
            switch action {
            case .commit(let batch): Task(priority: .high) { await commit(batch) }
            case .refuse(let batch, let error):
                for delivery in batch { delivery.answer.resume(throwing: error) }
            }
        }
    }

    private func commit(_ batch: [Waiting]) async {
        do {
            let acceptances = try await store.accept(batch.map(\.arrival))
            // The next commit first, so that the database does not wait for the answers to be written.
            perform(state.withLock { $0.committed() })
            for (delivery, acceptance) in zip(batch, acceptances) { delivery.answer.resume(returning: acceptance) }
            metrics.count(Self.commits)
        } catch {
            let mayBeOne = DeliveryStore.mayBeOneDelivery(error)
            perform(state.withLock { $0.failed(error, mayBeOneDelivery: mayBeOne) })
        }
    }

    private static let commits = Metrics.Counter(
        "leadwright_delivery_commits_total", "Transactions that stored deliveries, any number of them in each.")
}
