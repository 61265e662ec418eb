import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import JSON
import XCTest
import Zapier

final class ZapierWebhooksTests: XCTestCase {
    private let receivedAt = Date(timeIntervalSince1970: 1_795_100_001)
    private let webhooks = ZapierWebhooks(
        connection: ConnectionSettings(name: "acme", system: .zapier, account: "acme", publicURL: ""),
        credentials: Credentials(["api_key": "k3y"]))

    private func delivery(_ body: Data, _ headers: HTTPHeaders = [:]) -> Delivery {
        Delivery(
            method: "POST", uri: "https://gateway.example.com/webhooks/acme", headers: headers, body: body,
            receivedAt: receivedAt)
    }

    private func parse(_ text: String, type: String? = nil) throws -> [CRMEvent] {
        try webhooks.parse(delivery(Data(text.utf8), type.map { ["Content-Type": $0] } ?? [:]))
    }

    func testJSON() throws {
        let event = try XCTUnwrap(webhooks.parse(delivery(Fixture.data("inbound-webhook-lead.json"))).first)
        XCTAssertEqual(event.kind, .leadCreated)
        XCTAssertEqual(event.lead?.key, "zapier:acme:mira@fjord.example")
        XCTAssertEqual(event.dedupeKey, "zap-run-000045")
        XCTAssertEqual(event.occurredAt, Date(wire: "2026-11-19T08:00:00Z"))
        XCTAssertEqual(event.fields["last_name"], "Åkesson")
        XCTAssertEqual(event.fields["opted_out"], "False")
        XCTAssertNil(event.fields["event"])
    }

    func testForm() throws {
        let body = try Fixture.data("inbound-webhook-lead.form.txt")
        for headers: HTTPHeaders in [[:], ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"]] {
            let event = try XCTUnwrap(webhooks.parse(delivery(body, headers)).first)
            XCTAssertEqual(event.kind, .leadCreated)
            XCTAssertEqual(event.lead?.key, "zapier:acme:mira+news@fjord.example")
            XCTAssertEqual(event.dedupeKey, "zap-run-000046")
            XCTAssertEqual(event.occurredAt, receivedAt)
            XCTAssertEqual(event.fields["note"], "second try")
        }
    }

    func testKinds() throws {
        for (name, kind) in [
            ("lead.created", EventKind.leadCreated), ("lead.updated", .leadUpdated),
            ("lead.stage_changed", .stageChanged), ("email.opened", .emailOpened), ("email.clicked", .emailClicked),
            ("email.replied", .emailReplied), ("email.bounced", .emailBounced), ("meeting.booked", .meetingBooked),
            ("deal.created", .dealCreated), ("deal.won", .dealWon), ("deal.lost", .dealLost),
            ("contact.unsubscribed", .unsubscribed), ("contact.deleted", .deleted),
            ("contact.privacy_deleted", .privacyDeleted), ("content.requested", .actionRequested),
        ] {
            XCTAssertEqual(try parse("event=\(name)&lead_id=7").map(\.kind), [kind])
        }
        let stage = try XCTUnwrap(parse(#"{"event":"lead.stage_changed","lead_id":7,"stage":"customer"}"#).first)
        XCTAssertEqual(stage.value, "customer")
        XCTAssertEqual(stage.lead?.key, "zapier:acme:7")
        let outcome = try XCTUnwrap(parse(#"{"lead_id":"zapier:acme:mira@fjord.example","outcome":"won"}"#).first)
        XCTAssertEqual(outcome.kind, .dealWon)
        XCTAssertEqual(outcome.lead?.key, "zapier:acme:mira@fjord.example")
    }

    func testLeadIsNamedByIdOrLowerCasedAddress() throws {
        for (body, key) in [
            (#"{"event":"lead.created","lead_id":9007199254740993}"#, "9007199254740993"),
            (#"{"event":"lead.created","email":" Mira@Fjord.Example "}"#, "mira@fjord.example"),
            (#"{"event":"lead.created","lead":{"id":"a","email":"b@c.example"}}"#, "a"),
            (#"{"event":"lead.created","lead":{"email":"B@c.example"}}"#, "b@c.example"),
            ("event=lead.created&lead__email=B%40c.example", "b@c.example"),
        ] {
            XCTAssertEqual(try parse(body).first?.lead?.key, "zapier:acme:\(key)", body)
        }
    }

    /// Without an id the content decides, whatever the order of its members.
    func testKeyOfACallWithoutId() throws {
        let first = try parse(#"{"event":"lead.created","email":"a@b.example"}"#)[0].dedupeKey
        XCTAssertEqual(first, try parse(#"{ "email": "a@b.example", "event": "lead.created" }"#)[0].dedupeKey)
        XCTAssertEqual(first, try parse("email=a%40b.example&event=lead.created")[0].dedupeKey)
        XCTAssertNotEqual(first, try parse(#"{"event":"lead.created","email":"c@b.example"}"#)[0].dedupeKey)
    }

    func testListsAndBadElements() throws {
        let events = try parse(
            #"[7, null, {}, {"event":"lead.danced","email":"a@b.example"}, {"event":"lead.created"},"#
                + #"{"event":"lead.created","email":"a@b.example"}]"#)
        XCTAssertEqual(events.map(\.kind), [.unknown, .unknown, .unknown, .unknown, .unknown, .leadCreated])
        for event in events.dropLast() { XCTAssertNotNil(event.details["note"]) }
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, 6)
    }

    func testAuthenticity() throws {
        let body = try Fixture.data("inbound-webhook-lead.json")
        XCTAssertEqual(webhooks.verify(delivery(body, ["X-API-Key": "k3y"])), .authentic)
        XCTAssertEqual(webhooks.verify(delivery(body)), .refused("the API key is missing or wrong"))
        let keyless = ZapierWebhooks(
            connection: ConnectionSettings(name: "acme", system: .zapier, account: "acme", publicURL: ""),
            credentials: Credentials([:]))
        XCTAssertNotEqual(keyless.verify(delivery(body, ["X-API-Key": ""])), .authentic)
    }

    func testAcknowledgement() throws {
        let answer = webhooks.acknowledgement(of: [])
        XCTAssertEqual(answer.status, 200)
        XCTAssertNotNil(try JSONValue(parsing: answer.body).object)
    }

    func testWhatIsNeitherJSONNorFormIsRefused() {
        for (body, type, fragment) in [
            ("{\"event\":", nil, "line 1, column 10"), ("hello", nil, "neither JSON nor a form"),
            ("", nil, "neither"), ("<a b='c'/>", "text/xml", "neither"), ("a=b", "application/json", "line 1"),
            ("7", "application/json", "neither an event"),
        ] {
            XCTAssertThrowsError(try parse(body, type: type), body) { error in
                XCTAssertEqual((error as? CRMError)?.code, .malformedDelivery)
                XCTAssertTrue("\(error)".contains(fragment), "\(error)")
            }
        }
    }
}
