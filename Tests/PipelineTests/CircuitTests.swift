import Pipeline
import XCTest

final class CircuitTests: XCTestCase {
    private func policy() -> Circuit.Policy {
        var policy = Circuit.Policy()
        policy.threshold = 3
        policy.pause = .seconds(5)
        policy.longestPause = .seconds(60)
        return policy
    }

    private func opened(at now: Duration = .zero) -> Circuit {
        var circuit = Circuit(policy())
        for _ in 0..<3 { circuit.fail(.unavailable, at: now) }
        return circuit
    }

    func testOnlyFailuresInARowOpenIt() {
        var circuit = Circuit(policy())
        circuit.fail(.unavailable, at: .zero)
        circuit.fail(.unavailable, at: .zero)
        circuit.succeed()
        circuit.fail(.unavailable, at: .zero)
        circuit.fail(.unavailable, at: .zero)
        XCTAssertNil(circuit.admit(at: .zero))
        circuit.fail(.unavailable, at: .seconds(1))
        XCTAssertEqual(circuit.state, .open(until: .seconds(6), openings: 1))
        XCTAssertEqual(circuit.admit(at: .seconds(2)), .seconds(4))
    }

    func testOneRefusedLoginOpensIt() {
        var circuit = Circuit(policy())
        circuit.fail(.refused, at: .zero)
        XCTAssertEqual(circuit.admit(at: .zero), .seconds(5))
    }

    func testOneProbeGoesAndTheOthersWaitForIt() {
        var circuit = opened()
        XCTAssertNil(circuit.admit(at: .seconds(5)), "the probe")
        XCTAssertEqual(circuit.admit(at: .seconds(5)), .seconds(5))
        circuit.succeed()
        XCTAssertNil(circuit.admit(at: .seconds(5)))
        XCTAssertEqual(circuit.state, .closed(failures: 0))
    }

    func testFailedProbesDoubleThePauseUpToTheLongest() {
        var circuit = opened()
        var now = Duration.seconds(5)
        var pauses: [Duration] = []
        for _ in 0..<6 {
            XCTAssertNil(circuit.admit(at: now))
            circuit.fail(.unavailable, at: now)
            guard let pause = circuit.wait(at: now) else { return XCTFail("it is closed") }
            pauses.append(pause)
            now += pause
        }
        XCTAssertEqual(pauses, [10, 20, 40, 60, 60, 60].map { .seconds($0) })
    }

    /// Calls that were on their way when it opened do not lengthen the pause; one that went well ends it.
    func testLateAnswers() {
        var circuit = opened()
        circuit.fail(.unavailable, at: .seconds(4))
        XCTAssertEqual(circuit.wait(at: .seconds(4)), .seconds(1))
        circuit.succeed()
        XCTAssertNil(circuit.admit(at: .seconds(4)))
    }

    func testAProbeThatNeverEndsIsFollowedByAnother() {
        var circuit = opened()
        XCTAssertNil(circuit.admit(at: .seconds(5)))
        XCTAssertNotNil(circuit.admit(at: .seconds(64)))
        XCTAssertNil(circuit.admit(at: .seconds(65)))
    }
}
