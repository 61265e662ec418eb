import Failpoints
import XCTest

/// Workers and gateways that die at every place where they can be told to.
final class FailpointChaosTests: XCTestCase {
    private static let gatewayPlaces = Failpoint.allCases.filter { $0.rawValue.hasPrefix("delivery.") }
    private static let workerPlaces = Failpoint.allCases.filter { !gatewayPlaces.contains($0) }

    /// One worker for each place, one that lives, and a gateway that dies at its places one after the other.
    func testEverythingDiesEverywhereAtOnce() async throws {
        let workers = Self.workerPlaces.map { [$0.rawValue] } + [[]]
        for standIn in ChaosScale.pick(short: [.hubSpot], long: [StandIn.hubSpot, .salesforce]) {
            try await scenario(
                "all places, \(standIn.system)", with: standIn, workers: workers,
                gateway: Self.gatewayPlaces.map(\.rawValue)
            ) { all in
                try await all.addLeads(2, until: "every death") {
                    for worker in all.workers.dropLast() where await worker.deaths == 0 { return false }
                    return await all.gateway.deaths == Self.gatewayPlaces.count
                }
                try await all.moveLeads()
            }
        }
    }

    /// Two workers, one of which dies at the place: the first time, and in the middle of much work.
    func testAWorkerDiesAtEachPlaceBesideAnother() async throws {
        guard ChaosScale.isLong else { return }
        for place in Self.workerPlaces {
            for time in [1, 5] {
                try await scenario("\(place.rawValue):\(time)", workers: [["\(place.rawValue):\(time)"], []]) { all in
                    try await all.addLeads(10)
                    try await all.addLeads(3, until: "the death at \(place.rawValue)") {
                        await all.workers[0].deaths > 0
                    }
                    try await all.moveLeads()
                }
            }
        }
    }

    /// Leads that change again before they are quiet: one text for each burst, whoever dies between its first event and
    /// its plan.
    func testABurstBecomesOneTextWhoeverDies() async throws {
        guard ChaosScale.isLong else { return }
        let places = Self.workerPlaces.filter { $0.rawValue.hasPrefix("understand.") }
        let workers = places.map { place in [1, 3, 9].map { "\(place.rawValue):\($0)" } } + [[]]
        for standIn in [StandIn.hubSpot, .salesforce] {
            try await scenario("bursts, \(standIn.system)", with: standIn, workers: workers, quiet: 1) { all in
                for _ in 0..<3 {
                    try await all.addLeads(5)
                    for _ in 0..<4 { try await all.moveLeads { $0.isMultiple(of: 2) } }
                    try await all.moveLeads()
                }
                try await all.addLeads(2, until: "every death") {
                    for worker in all.workers.dropLast() where await worker.deaths < 3 { return false }
                    return true
                }
            }
        }
    }

    /// A gateway that dies at the same place again and again.
    func testTheGatewayDiesAtEachPlaceAgainAndAgain() async throws {
        guard ChaosScale.isLong else { return }
        for place in Self.gatewayPlaces {
            let failpoints = (1...5).map { "\(place.rawValue):\($0)" }
            try await scenario("\(place.rawValue) five times", gateway: failpoints) { all in
                try await all.addLeads(20)
                try await all.addLeads(3, until: "the deaths") { await all.gateway.deaths == 5 }
                try await all.moveLeads()
            }
        }
    }

    /// With the lease that workers have unless told otherwise.
    func testADeadWorkersJobsRunAgainWithin35Seconds() async throws {
        guard ChaosScale.isLong else { return }
        try await scenario("the default lease", workers: [["write.counted"]], lease: nil) { all in
            try await all.addLeads(1)
            try await eventually(within: ChaosScale.patience, { "no death" }) { await all.workers[0].deaths == 1 }
            let death = ContinuousClock.now
            try await all.settle()
            let wait = ContinuousClock.now - death
            print("chaos: a dead worker's jobs were done \(wait) after its death")
            XCTAssertLessThan(wait, .seconds(35))
            XCTAssertGreaterThan(wait, .seconds(20), "the lease was not what kept them")
        }
    }
}
