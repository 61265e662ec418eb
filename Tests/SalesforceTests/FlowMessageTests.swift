import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import JSON
import Salesforce
import XCTest

final class FlowMessageTests: XCTestCase {
    private func parse(_ body: Data) throws -> [CRMEvent] {
        let webhooks = SalesforceWebhooks(
            connection: ConnectionSettings(
                name: "fjord", system: .salesforce, account: "00D7Q000000PubL", publicURL: ""),
            credentials: Credentials([:]))
        return try webhooks.parse(
            Delivery(
                method: "POST", uri: "https://gateway.example.com/webhooks/fjord", headers: [:], body: body,
                receivedAt: Date(timeIntervalSince1970: 0)))
    }

    func testLead() throws {
        let event = try XCTUnwrap(parse(Fixture.data("flow-http-callout-lead.json")).first)
        XCTAssertEqual(event.kind, .stageChanged)
        XCTAssertEqual(event.lead?.key, "salesforce:00D7Q000000PubLUAS:Lead:00Q7Q00000Fx001UAB")
        XCTAssertEqual(event.dedupeKey, "4f1b-flow-77:00Q7Q00000Fx001UAB:2026-11-19T08:00:00.000Z")
        XCTAssertEqual(event.value, "Working - Contacted")
        XCTAssertEqual(event.fields["PriorStatus"], "Open - Not Contacted")
        XCTAssertEqual(event.occurredAt, Date(wire: "2026-11-19T08:00:00Z"))
        XCTAssertFalse(event.needsLookup)
    }

    func testOtherEvents() throws {
        func event(_ name: String, _ id: String) throws -> CRMEvent {
            let body: JSONValue = ["event": .string(name), "record": ["Id": .string(id)]]
            return try XCTUnwrap(parse(body.canonicalData).first)
        }
        XCTAssertEqual(try event("lead.created", "00Q7Q00000Fx001").kind, .leadCreated)
        XCTAssertEqual(try event("content.requested", "00Q7Q00000Fx001").kind, .actionRequested)
        let won = try event("deal.won", "0067Q00000Opp01")
        XCTAssertEqual(won.kind, .dealWon)
        XCTAssertEqual(won.objectType, "Opportunity")
        XCTAssertTrue(won.needsLookup)
        XCTAssertEqual(try event("lead.danced", "00Q7Q00000Fx001").kind, .unknown)
        XCTAssertEqual(try event("lead.created", "nobody").kind, .unknown)
        XCTAssertTrue(try event("lead.created", "00Q7Q00000Fx001").dedupeKey.hasPrefix("sha256:"))
    }

    func testWhatIsNoJSONIsRefusedWithThePlace() {
        for body in ["{\"event\":", "7", "event=lead.created"] {
            XCTAssertThrowsError(try parse(Data(body.utf8))) { error in
                XCTAssertEqual((error as? CRMError)?.code, .malformedDelivery)
            }
        }
    }
}
