import Dispatch
import Foundation
import Synchronization

/// One thread that runs the jobs of one connection in order, and may block.
///
/// libpq waits with poll(2). On the cooperative pool, which has a thread for each core, a few slow statements would
/// stop the whole process; here each connection waits on its own. As a task executor it also runs what comes between the
/// statements of a transaction, so that none of them costs two changes of threads.
final class ConnectionThread: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var stopped = false
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)

    /// Starts the thread, which keeps this executor alive until ``stop()``.
    init(name: String) {
        let thread = Thread { self.run() }
        thread.name = name
        thread.stackSize = 512 * 1024
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        arrived.signal()
    }

    /// Ends the thread after the jobs that are already queued.
    func stop() {
        state.withLock { $0.stopped = true }
        arrived.signal()
    }

    private func run() {
        while true {
            arrived.wait()
            let (jobs, stopped) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.stopped)
            }
            for job in jobs {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            if stopped { return }
        }
    }
}
