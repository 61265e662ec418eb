import Foundation
import Personalization
import XCTest

final class AssignmentTests: XCTestCase {
    private let experiment = Experiment(name: "launch", holdout: 0.1, baseline: 0.2)
    private let key = Data("a key of the installation".utf8)

    func testTheSameLeadHasTheSameArm() {
        for index in 0..<50 {
            let draws = (0..<3).map { _ in
                Assignment.draw(tenant: "acme", experiment: experiment, leadKey: "lead \(index)", key: key)
            }
            XCTAssertEqual(Set(draws).count, 1)
        }
    }

    /// Computed by Python: hmac.new(key, "acme\x1flaunch\x1flead N", sha256), first 53 bits over 2^53.
    func testDrawsAgreeWithAnotherImplementation() {
        let arms = (0..<12).map {
            Assignment.draw(tenant: "acme", experiment: experiment, leadKey: "lead \($0)", key: key).arm.rawValue
                .prefix(1)
        }.joined()
        XCTAssertEqual(arms, "ttbttbttttbt")
    }

    func testSharesHoldAndProbabilitiesAreRecorded() {
        let draws = (0..<20_000).map {
            Assignment.draw(tenant: "acme", experiment: experiment, leadKey: "lead \($0)", key: key)
        }
        for (arm, share) in [(Arm.holdout, 0.1), (.baseline, 0.2), (.treatment, 0.7)] {
            let own = draws.filter { $0.arm == arm }
            // Four standard deviations of a binomial count.
            let spread = 4 * (share * (1 - share) / 20_000).squareRoot()
            XCTAssertEqual(Double(own.count) / 20_000, share, accuracy: spread)
            XCTAssertTrue(own.allSatisfy { abs($0.probability - share) < 1e-12 })
        }
    }

    func testExperimentsTenantsAndKeysDrawApart() {
        func arms(_ tenant: String, _ name: String, _ key: String) -> [Arm] {
            (0..<200).map {
                Assignment.draw(
                    tenant: tenant, experiment: Experiment(name: name, holdout: 0.3, baseline: 0.3),
                    leadKey: "lead \($0)", key: Data(key.utf8)
                ).arm
            }
        }
        let base = arms("acme", "launch", "k")
        XCTAssertNotEqual(base, arms("acme", "second", "k"))
        XCTAssertNotEqual(base, arms("other", "launch", "k"))
        XCTAssertNotEqual(base, arms("acme", "launch", "other"))
    }

    func testWithoutSharesEveryoneIsTreated() {
        let all = Experiment(name: "all", holdout: 0, baseline: 0)
        let draws = (0..<200).map { Assignment.draw(tenant: "a", experiment: all, leadKey: "\($0)", key: key) }
        XCTAssertTrue(draws.allSatisfy { $0.arm == .treatment && $0.probability == 1 })
    }
}
