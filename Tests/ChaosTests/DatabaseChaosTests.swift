import JSON
import JobQueue
import PostgresClient
import XCTest

/// Connections that break, and a database that goes away and comes back.
final class DatabaseChaosTests: XCTestCase {
    func testBackendsDieAndTheServerRestarts() async throws {
        try await scenario("database") { all in
            var ended = 0
            for round in 0..<ChaosScale.pick(short: 1, long: 5) {
                for share in [1, 0.3, 0.5, 1] {
                    try await all.addLeads(ChaosScale.pick(short: 3, long: 8))
                    ended += try await ChaosServer.shared.terminateBackends(of: all.database, share: share)
                }
                for restart in ChaosServer.Restart.allCases {
                    try await all.addLeads(ChaosScale.pick(short: 3, long: 8))
                    if round > 0 { try await all.moveLeads { $0 % 3 == 0 } }
                    try await ChaosServer.shared.restart(restart)
                }
            }
            try await all.moveLeads()
            XCTAssertGreaterThan(ended, 4, "connections that broke")
        }
    }

    /// A claim's commit does not wait for the disk, so a crash undoes it. Its worker may live, and must not be taken for
    /// the one that claims the job next.
    func testATokenIsNeverGivenTwiceAlsoAfterACrash() async throws {
        let (name, url) = try await ChaosServer.shared.createDatabase()
        let before = try await claim(at: url, lane: "before")
        try await ChaosServer.shared.restart(.immediate)
        let after = try await claim(at: url, lane: "after")
        XCTAssertEqual(before.count, 1)
        XCTAssertTrue(Set(before).isDisjoint(with: after), "\(before), \(after)")
        try await ChaosServer.shared.drop(name)
    }

    /// Enqueues a job and claims what there is; the tokens.
    private func claim(at url: String, lane: String) async throws -> [Int64] {
        let pool = try PostgresPool(url: url, size: 1)
        let queue = JobQueue(pool: pool, worker: "test")
        let job = NewJob(stage: "write", tenantID: 1, connectionID: 1, lane: lane, payload: [:])
        try await pool.transaction { queue.enqueue([job], in: $0) }
        let tokens = try await queue.claim(stage: "write", limit: 10).map(\.token)
        await pool.close()
        return tokens
    }
}
