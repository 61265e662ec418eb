import CRM
import Foundation
import Outcomes
import XCTest

final class AttributionTests: XCTestCase {
    private let day: TimeInterval = 86_400
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func generation(generated: TimeInterval, written: TimeInterval) -> WrittenGeneration {
        WrittenGeneration(
            id: UUID(), generatedAt: start.addingTimeInterval(generated), writtenAt: start.addingTimeInterval(written))
    }

    private func attributed(
        _ kind: EventKind, at moment: TimeInterval, _ generations: [WrittenGeneration]
    ) -> UUID? {
        Attribution.generation(for: kind, at: start.addingTimeInterval(moment), among: generations)?.id
    }

    func testTheLastMessageBeforeTheOutcomeCounts() {
        let first = generation(generated: 0, written: 5)
        let second = generation(generated: 3 * day, written: 3 * day + 5)
        for order in [[first, second], [second, first]] {
            XCTAssertEqual(attributed(.emailClicked, at: day, order), first.id)
            XCTAssertEqual(attributed(.emailClicked, at: 3 * day + 1, order), second.id)
            XCTAssertEqual(attributed(.emailClicked, at: 4 * day, order), second.id)
            XCTAssertNil(attributed(.emailClicked, at: -10, order))
        }
        XCTAssertNil(attributed(.emailClicked, at: 0, []))
    }

    func testClocksMayDifferALittle() {
        let message = generation(generated: 10, written: 15)
        XCTAssertEqual(attributed(.emailClicked, at: 8.5, [message]), message.id)
        XCTAssertNil(attributed(.emailClicked, at: 7.9, [message]))
    }

    func testEachKindHasItsWindow() {
        let message = generation(generated: -5, written: 0)
        for (kind, days) in [
            (EventKind.emailBounced, 3.0), (.emailOpened, 7), (.emailClicked, 7), (.emailReplied, 14),
            (.unsubscribed, 14), (.meetingBooked, 30), (.leadConverted, 90), (.dealWon, 90), (.dealLost, 90),
        ] {
            XCTAssertEqual(attributed(kind, at: days * day, [message]), message.id, kind.rawValue)
            XCTAssertNil(attributed(kind, at: days * day + 1, [message]), kind.rawValue)
        }
        for kind in EventKind.allCases {
            XCTAssertEqual(Attribution.window(for: kind) != nil, kind.isOutcome, kind.rawValue)
        }
    }

    func testVerdictsDoNotDependOnOrder() throws {
        let cases: [([EventKind], (Bool, Double, EventKind)?)] = [
            ([.emailOpened], nil), ([.dealLost], nil), ([], nil),
            ([.emailClicked], (true, 0.2, .emailClicked)),
            ([.emailClicked, .emailReplied, .emailOpened], (true, 0.5, .emailReplied)),
            ([.meetingBooked, .emailReplied], (true, 0.7, .meetingBooked)),
            ([.dealWon, .emailClicked, .meetingBooked, .leadConverted], (true, 1, .dealWon)),
            ([.emailBounced], (false, -0.2, .emailBounced)),
            ([.emailBounced, .emailReplied], (true, 0.5, .emailReplied)),
            ([.dealWon, .unsubscribed], (false, -1, .unsubscribed)),
        ]
        for (kinds, expected) in cases {
            for order in [kinds, kinds.reversed(), kinds + kinds] {
                let verdict = Verdict(of: order)
                XCTAssertEqual(verdict?.label, expected?.0)
                XCTAssertEqual(verdict?.reward, expected?.1)
                XCTAssertEqual(verdict?.decidedBy, expected?.2)
            }
        }
    }
}
