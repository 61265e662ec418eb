import Foundation
import PostgresClient

/// Waits until everything that happened in the CRMs has had its effect.
struct DemoWatch {
    private static let demoProgress = SQL(PackageResources.demo_progress_sql)

    let pool: PostgresPool
    let cast: DemoCast
    let progress: DemoProgress

    /// Returns when the stand-ins have nothing to send and the queue has nothing to do. Shows how far it is meanwhile,
    /// which is why it looks at the clock: four times a second.
    ///
    /// - Throws: ``CommandError`` after ten minutes, or as soon as one of the processes has ended.
    func untilQuiet(_ step: String, _ what: String) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            try await cast.waitUntilSent()
            let counts = try await look()
            let text =
                "\(what): \(counts.events) events, \(counts.texts) texts made, \(counts.proven) read back, \(counts.outcomes) outcomes"
            if counts.jobs == 0, try await cast.isQuiet() { return progress.finish(step, text) }
            progress.update(step, text)
            try cast.checkRunning()
            guard ContinuousClock.now < deadline else {
                throw CommandError.failed(
                    "\(counts.jobs) jobs are still open after ten minutes; the logs are in .local/demo/logs")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func look() async throws -> (events: Int, texts: Int, proven: Int, outcomes: Int, jobs: Int) {
        guard let row = try await pool.query(Self.demoProgress).first else {
            throw CommandError.failed("the database does not answer")
        }
        let (events, _, texts, proven, outcomes, jobs) = try row.decode(
            Int.self, Int.self, Int.self, Int.self, Int.self, Int.self)
        return (events, texts, proven, outcomes, jobs)
    }
}
