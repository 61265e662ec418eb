import JSON
import Sandbox
import XCTest

/// Everything at once, by a drawn schedule. The draw is repeatable; what the processes make of it is not.
final class MixedChaosTests: XCTestCase {
    private enum Blow: CaseIterable {
        case killWorker, killGateway, terminateSome, terminateAll, restartFast, restartImmediately
        case loseAnswers, serverErrors, lockedRows, slowCalls
    }

    func testADrawnScheduleOfEverything() async throws {
        print("chaos: LEADWRIGHT_CHAOS_SEED=\(ChaosScale.seed)")
        for round in 0..<ChaosScale.pick(short: 1, long: 5) {
            let seed = ChaosScale.seed + UInt64(round)
            let standIn: StandIn = seed.isMultiple(of: 2) ? .hubSpot : .salesforce
            try await scenario("mixed, \(standIn.system), seed \(seed)", with: standIn, workers: [[], [], []]) { all in
                try await perform(all, seed: seed, steps: ChaosScale.pick(short: 12, long: 60))
            }
        }
    }

    private func perform(_ all: Installation, seed: UInt64, steps: Int) async throws {
        var random = SeededGenerator(seed: seed)
        try await all.portal.configure(["delivery": ["duplicates": 0.2, "reordered": 0.2]])
        // Every kind comes before one comes again.
        var blows: [Blow] = []
        for _ in 0..<steps {
            if blows.isEmpty { blows = Blow.allCases.shuffled(using: &random) }
            if all.leadCount < 300 { try await all.addLeads(Int.random(in: 1...4, using: &random)) }
            let third = Int.random(in: 0..<3, using: &random)
            try await all.moveLeads { $0 % 3 == third }
            // Sometimes in the middle of what just began, sometimes later.
            try await all.portal.isIdle(within: Double.random(in: 0...0.4, using: &random))
            try await strike(blows.removeLast(), all, worker: Int.random(in: 0..<all.workers.count, using: &random))
        }
    }

    private func strike(_ blow: Blow, _ all: Installation, worker: Int) async throws {
        switch blow {
        case .killWorker: await all.workers[worker].kill()
        case .killGateway: await all.gateway.kill()
        case .terminateSome: try await ChaosServer.shared.terminateBackends(of: all.database, share: 0.3)
        case .terminateAll: try await ChaosServer.shared.terminateBackends(of: all.database)
        case .restartFast: try await ChaosServer.shared.restart(.fast)
        case .restartImmediately: try await ChaosServer.shared.restart(.immediate)
        case .loseAnswers: try await all.portal.fail(["lose_answers": 2, "lost_answer_milliseconds": 200])
        case .serverErrors: try await all.portal.fail(["server_errors": 3])
        case .lockedRows: try await all.portal.fail(["locked_rows": 4])
        case .slowCalls: try await all.portal.fail(["slow_calls": 3, "slow_milliseconds": 300])
        }
    }
}
