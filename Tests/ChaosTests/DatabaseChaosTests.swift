import XCTest

/// Connections that break, and a database that goes away and comes back.
final class DatabaseChaosTests: XCTestCase {
    func testBackendsDieAndTheServerRestarts() async throws {
        try await scenario("database") { all in
            for round in 0..<ChaosScale.pick(short: 1, long: 5) {
                for share in [1, 0.3, 0.5, 1] {
                    try await all.addLeads(ChaosScale.pick(short: 3, long: 8))
                    let ended = try await ChaosServer.shared.terminateBackends(of: all.database, share: share)
                    XCTAssertTrue(share < 1 || ended > 0)
                }
                for restart in ChaosServer.Restart.allCases {
                    try await all.addLeads(ChaosScale.pick(short: 3, long: 8))
                    if round > 0 { try await all.moveLeads { $0 % 3 == 0 } }
                    try await ChaosServer.shared.restart(restart)
                }
            }
            try await all.moveLeads()
        }
    }
}
