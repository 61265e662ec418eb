import Synchronization

/// The leases of a worker's claims, until none of their jobs is left. Those go with its next claim, in the same round trip.
final class EndedLeases: Sendable {
    private static let together = 4

    private struct State {
        /// The jobs of each claim that have not ended. By their ids, so that one that is ended twice does not stand for
        /// another: a lease that is forgotten too soon lets its job run twice.
        var open: [Int64: Set<Int64>] = [:]
        var over: Set<Int64> = []
        /// Nothing is left of these either, but each was the newest of its stage and priority.
        var clocks: Set<Int64> = []
    }

    private let state = Mutex(State())

    /// Notes that a claim took jobs.
    func began(_ jobs: some Collection<Job>) {
        guard !jobs.isEmpty else { return }
        state.withLock { state in
            // There may be newer ones now.
            state.over.formUnion(state.clocks)
            state.clocks = []
            for job in jobs { state.open[job.token, default: []].insert(job.id) }
        }
    }

    /// Notes that jobs ended, or were set back: after the commit.
    func ended(_ jobs: some Sequence<Job>) {
        state.withLock { state in
            for job in jobs {
                state.open[job.token]?.remove(job.id)
                guard state.open[job.token]?.isEmpty == true else { continue }
                state.open[job.token] = nil
                state.over.insert(job.token)
            }
        }
    }

    /// Notes that leases were lost: whoever rescued the jobs has them.
    func lost(_ jobs: some Sequence<Job>) {
        state.withLock { state in
            for job in jobs { state.open[job.token] = nil }
        }
    }

    /// Those of which nothing is left, once there are some: passing what a lease names costs a claim less than deleting it
    /// alone.
    var over: [Int64] { state.withLock { $0.over.count < Self.together ? [] : Array($0.over) } }

    /// Notes that leases were deleted, apart from those that stay for now.
    func forgot(_ tokens: [Int64], except clocks: [Int64]) {
        state.withLock { state in
            state.over.subtract(tokens)
            state.clocks.formUnion(clocks)
        }
    }
}
