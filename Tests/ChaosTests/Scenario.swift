import XCTest

extension XCTestCase {
    /// Starts an installation, lets things happen to it, waits until it has settled, and holds it against the promises.
    ///
    /// - Parameters:
    ///   - standIn: The CRM.
    ///   - workers: For each worker, the failpoints of its first runs.
    ///   - gateway: The failpoints of the gateway's first runs.
    ///   - lease: Seconds until a dead worker's jobs come back; short ones, so that tests need not wait long, and still
    ///     twice what a busy machine may keep a living worker from its heartbeat.
    ///   - quiet: The quiet period of the playbooks in seconds.
    func scenario(
        _ name: String, with standIn: StandIn = .hubSpot, workers: [[String]] = [[], []], gateway: [String] = [],
        lease: Int? = 3, quiet: Int = 0,
        _ events: (Installation) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        let installation = try await Installation.start(
            standIn, workers: workers, gateway: gateway, lease: lease, quiet: quiet)
        do {
            try await events(installation)
            try await installation.settle()
            let evidence = try await installation.evidence()
            XCTAssertEqual(evidence.violations, [], name)
            let seconds = Int((ContinuousClock.now - start).components.seconds)
            print(
                "chaos: \(name): \(evidence.leads.count) leads, \(evidence.events.count) events,",
                "\(evidence.writes.count) writes, \(await installation.deaths) deaths, \(seconds) s")
            await installation.stop(keepingLogs: !evidence.violations.isEmpty)
        } catch {
            await installation.stop(keepingLogs: true)
            throw error
        }
    }
}
