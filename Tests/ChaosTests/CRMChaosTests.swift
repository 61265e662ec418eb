import JSON
import XCTest

/// A CRM that loses answers after it applied the write, fails, throttles, refuses half a batch, and sends its webhooks
/// twice and in another order.
final class CRMChaosTests: XCTestCase {
    private static let disturbed: JSONValue = ["delivery": ["duplicates": 0.3, "reordered": 0.3]]

    func testACRMThatDoesEverythingWrong() async throws {
        try await scenario("CRM") { all in
            try await all.portal.configure(Self.disturbed)
            // A limit that is met in the middle of the work; what was postponed comes back while the rest goes wrong.
            try await all.portal.configure(["burst_limit": 6])
            try await all.addLeads(3, until: "the limit") {
                let refused = try await all.portal.statistics()["calls"]?["errors"]?.integer ?? 0
                if refused > 0 { return true }
                return try await all.hasParkedJobs
            }
            try await all.portal.configure(["burst_limit": 100_000])
            try await endure(all)
        }
    }

    /// The same in batches of records of their own, with leads that come by SOAP and changes that come by a flow.
    func testASalesforceThatDoesEverythingWrong() async throws {
        try await scenario("Salesforce", with: .salesforce) { all in
            try await all.portal.configure(Self.disturbed)
            try await endure(all)
        }
    }

    /// One fault after the other, each until it has met all its calls.
    private func endure(_ all: Installation) async throws {
        for _ in 0..<ChaosScale.pick(short: 1, long: 5) {
            for fault in Self.faults {
                try await all.portal.fail(fault)
                try await all.addLeads(ChaosScale.pick(short: 1, long: 5), until: "all of \(fault.canonicalText)") {
                    try await all.portal.hasNoFaultsLeft
                }
            }
        }
        try await all.moveLeads()
    }

    func testEachFaultAlone() async throws {
        guard ChaosScale.isLong else { return }
        for fault in Self.faults + [["rate_limits": 5]] {
            try await scenario(fault.canonicalText) { all in
                try await all.addLeads(10)
                try await all.portal.fail(fault)
                try await all.addLeads(5, until: "all of \(fault.canonicalText)") {
                    try await all.portal.hasNoFaultsLeft
                }
                try await all.moveLeads()
            }
        }
        try await scenario("duplicates and reorders") { all in
            try await all.portal.configure(["delivery": ["duplicates": 0.8, "reordered": 0.8, "batch": 3]])
            for _ in 0..<10 {
                try await all.addLeads(5)
                try await all.moveLeads()
            }
        }
    }

    private static let faults: [JSONValue] = [
        ["lose_answers": 3, "lost_answer_milliseconds": 200], ["server_errors": 4], ["locked_rows": 6],
        ["slow_calls": 4, "slow_milliseconds": 500],
    ]
}
