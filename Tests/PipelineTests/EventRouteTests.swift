import CRM
import Foundation
import Pipeline
import XCTest

final class EventRouteTests: XCTestCase {
    private func event(
        _ kind: EventKind, hasLead: Bool = true, needsLookup: Bool = false, _ details: [String: String] = [:]
    )
        -> CRMEvent
    {
        let lead = LeadIdentity(system: .hubspot, account: "1", objectType: "contact", objectID: "151")
        return CRMEvent(
            kind: kind, objectType: "contact", objectID: "151", lead: hasLead ? lead : nil,
            occurredAt: Date(timeIntervalSince1970: 0), dedupeKey: "k", needsLookup: needsLookup, details: details)
    }

    func testEveryKindHasItsRoute() {
        let routes: [(EventKind, EventRoute)] = [
            (.leadCreated, .decide), (.leadUpdated, .decide), (.stageChanged, .decide), (.actionRequested, .decide),
            (.emailOpened, .recordOutcome), (.emailClicked, .recordOutcome), (.emailReplied, .recordOutcome),
            (.emailBounced, .recordOutcome), (.meetingBooked, .recordOutcome), (.dealWon, .recordOutcome),
            (.dealLost, .recordOutcome), (.leadConverted, .recordOutcome), (.unsubscribed, .optOut),
            (.privacyDeleted, .forget),
        ]
        for (kind, route) in routes { XCTAssertEqual(EventRoute(event(kind)), route, kind.rawValue) }
        let handled = Set(routes.map(\.0)).union([.merged])
        for kind in EventKind.allCases where !handled.contains(kind) {
            guard case .ignore = EventRoute(event(kind)) else {
                XCTFail("\(kind.rawValue) has no route in this test")
                continue
            }
        }
    }

    func testWhatOnlyTheCRMKnowsIsLookedUp() {
        XCTAssertEqual(EventRoute(event(.dealWon, hasLead: false)), .resolve)
        XCTAssertEqual(EventRoute(event(.stageChanged, needsLookup: true)), .resolve)
    }

    func testAMergeNamesThoseThatAreGone() {
        XCTAssertEqual(EventRoute(event(.merged, ["merged_ids": "152,153"])), .merge(gone: ["152", "153"]))
    }
}
