import Synchronization

/// The leases of a worker's claims, until none of their jobs is left. Those go with its next claim, in the same round trip.
final class EndedLeases: Sendable {
    private static let together = 4

    private struct State {
        /// How many jobs of each claim have not ended.
        var open: [Int64: Int] = [:]
        var over: Set<Int64> = []
        /// Nothing is left of these either, but each was the newest of its stage and priority.
        var clocks: Set<Int64> = []
    }

    private let state = Mutex(State())

    /// Notes that a claim took jobs.
    func began(_ jobs: some Collection<Job>) {
        guard !jobs.isEmpty else { return }
        state.withLock { state in
            // There are newer ones now.
            state.over.formUnion(state.clocks)
            state.clocks = []
            for job in jobs { state.open[job.token, default: 0] += 1 }
        }
    }

    /// Notes that jobs ended, or were set back: after the commit.
    func ended(_ jobs: some Sequence<Job>) {
        state.withLock { state in
            for job in jobs {
                guard let left = state.open[job.token] else { continue }
                state.open[job.token] = left > 1 ? left - 1 : nil
                if left <= 1 { state.over.insert(job.token) }
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
