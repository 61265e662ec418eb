import Foundation
import JSON
import Sandbox
import XCTest

final class ReactionModelTests: XCTestCase {
    private func model(_ text: String) throws -> ReactionModel {
        try JSONDecoder().decode(ReactionModel.self, from: Data(text.utf8))
    }

    func testTheSameSeedDrawsTheSame() throws {
        let model = try model(#"{"opened": 0.5, "won": 0.5}"#)
        let leads = (0..<50).map { "lead-\($0)" }
        XCTAssertEqual(leads.map { model.draw(seed: 7, lead: $0) }, leads.map { model.draw(seed: 7, lead: $0) })
        XCTAssertNotEqual(leads.map { model.draw(seed: 7, lead: $0) }, leads.map { model.draw(seed: 8, lead: $0) })
    }

    func testSharesComeNearTheProbabilities() throws {
        let model = try model(#"{"opened": 0.6, "clicked": 0.2, "opted_out": 0.05}"#)
        let draws = (0..<4000).map { model.draw(seed: 1, lead: String($0)) }
        XCTAssertEqual(Double(draws.filter(\.clicked).count) / 4000, 0.2, accuracy: 0.03)
        XCTAssertEqual(Double(draws.filter(\.optedOut).count) / 4000, 0.05, accuracy: 0.02)
        // Who clicks has opened: 1 − 0.4 · 0.8.
        XCTAssertEqual(Double(draws.filter(\.opened).count) / 4000, 0.68, accuracy: 0.03)
        XCTAssertTrue(draws.allSatisfy { !$0.clicked || $0.opened })
        XCTAssertTrue(draws.allSatisfy { !$0.won && !$0.replied && !$0.meeting })
    }
}
