import JobQueue
import Telemetry

/// Keeps claimed jobs ours for as long as they are worked on.
struct Lease {
    let jobs: [Job]
    let queue: JobQueue
    let log: Log

    /// Extends the lease every third of its length until the work is done. The work itself is not cancelled when the
    /// worker is: a claimed job is finished.
    func hold(while work: Task<Void, Never>) async {
        let heartbeat = Task { [jobs, queue, log] in
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: queue.lease / 3)
                    try await queue.extend(jobs)
                } catch {
                    if Task.isCancelled { return }
                    // Should it lapse, the job cannot be finished under it any more, so not twice.
                    log(.warning, "lease not extended", ["error": "\(error)"])
                }
            }
        }
        await work.value
        heartbeat.cancel()
    }
}
