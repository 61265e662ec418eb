import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import JSON
import Salesforce
import XCTest

final class ChangeEventTests: XCTestCase {
    private let receivedAt = Date(timeIntervalSince1970: 1_795_100_001)

    private func parse(_ body: Data, clientID: String? = "OrchardWorker") throws -> [CRMEvent] {
        let webhooks = SalesforceWebhooks(
            connection: ConnectionSettings(
                name: "fjord", system: .salesforce, account: "00D7Q000000PubL",
                publicURL: "https://gateway.example.com", clientID: clientID), credentials: Credentials([:]))
        return try webhooks.parse(
            Delivery(
                method: "POST", uri: "https://gateway.example.com/webhooks/fjord",
                headers: ["Content-Type": "application/json"], body: body, receivedAt: receivedAt))
    }

    private func change(
        _ entity: String, _ type: String, changed: [String] = [], ids: [String] = ["00Q7Q00000Fx001UAB"],
        fields: [String: JSONValue] = [:], origin: String = ""
    ) throws -> CRMEvent {
        let header: JSONValue = [
            "entityName": .string(entity), "recordIds": .array(ids.map { .string($0) }), "changeType": .string(type),
            "changeOrigin": .string(origin), "transactionKey": "t", "sequenceNumber": 1,
            "commitTimestamp": 1_795_100_000_000, "changedFields": .array(changed.map { .string($0) }),
        ]
        let payload = fields.merging(["ChangeEventHeader": header]) { $1 }
        let message: JSONValue = ["payload": .object(payload), "event": ["replayId": 502]]
        return try XCTUnwrap(parse(message.canonicalData).first)
    }

    func testKindsOfTheFixtures() throws {
        let expected: [(String, [EventKind], String?)] = [
            ("cdc-lead-create.json", [.leadCreated], "Lead:00Q7Q00000Fx001UAB"),
            ("cdc-lead-status-change.json", [.stageChanged], "Lead:00Q7Q00000Fx001UAB"),
            ("cdc-lead-delete.json", [.deleted], "Lead:00Q7Q00000Fx009UAB"),
            ("cdc-contact-optout.json", [.unsubscribed], "Contact:0037Q00000Con01QAB"),
            ("cdc-gap.json", [.gap], "Lead:00Q7Q00000Fx002UAB"),
            ("cdc-individual-forget.json", [.privacyDeleted], nil),
        ]
        for (name, kinds, lead) in expected {
            let events = try parse(Fixture.data(name))
            XCTAssertEqual(events.map(\.kind), kinds, name)
            XCTAssertEqual(events[0].lead?.key, lead.map { "salesforce:00D7Q000000PubLUAS:\($0)" }, name)
        }
    }

    func testEnvelope() throws {
        let event = try XCTUnwrap(parse(Fixture.data("cdc-lead-status-change.json")).first)
        XCTAssertEqual(event.occurredAt.millisecondsSince1970, 1_795_100_000_000)
        XCTAssertEqual(
            event.dedupeKey, "00D7Q000000PubLUAS:000a51b7-3c1d-4be2-9e0f-2f5d6a7b8c9d:1:Lead:00Q7Q00000Fx001UAB")
        XCTAssertEqual(event.details["replay_id"], "502")
        XCTAssertEqual(event.value, "Working - Contacted")
        XCTAssertFalse(event.causedByUs, "another program's change")
    }

    /// Four events of one transaction: the contact is the same person, not a new lead.
    func testConversionCreatesNoSecondLead() throws {
        let events = try parse(Fixture.data("cdc-lead-conversion.json"))
        XCTAssertEqual(events.map(\.kind), [.unknown, .unknown, .dealCreated, .leadConverted])
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, 4)
        XCTAssertEqual(events[3].details["converted_contact_id"], "0037Q00000Con01QAB")
        XCTAssertEqual(Set(events.map { $0.details["transaction_key"] }).count, 1)
        let all = try XCTUnwrap(Fixture.json("cdc-lead-conversion.json").array)
        let alone = try XCTUnwrap(parse(all[1].canonicalData).first)
        XCTAssertEqual(alone.kind, .leadCreated)
        XCTAssertTrue(alone.needsLookup, "the conversion may be in another delivery")
    }

    func testOurOwnChangesAreMarked() throws {
        let origin = "com/salesforce/api/rest/67.0;client=OrchardWorker"
        XCTAssertTrue(try change("Lead", "UPDATE", changed: ["Status"], origin: origin).causedByUs)
        XCTAssertFalse(try change("Lead", "UPDATE", changed: ["Status"], origin: origin + "2").causedByUs)
        XCTAssertFalse(try change("Lead", "UPDATE", changed: ["Status"]).causedByUs)
    }

    func testOneEventFansOutToItsRecords() throws {
        let body = String(decoding: try Fixture.data("cdc-lead-status-change.json"), as: UTF8.self)
            .replacing(#""00Q7Q00000Fx001UAB""#, with: #""00Q7Q00000Fx001UAB", "00Q7Q00000Fx002""#)
        let events = try parse(Data(body.utf8))
        XCTAssertEqual(events.map(\.objectID), ["00Q7Q00000Fx001UAB", "00Q7Q00000Fx002UAB"])
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, 2)
    }

    func testPeople() throws {
        let expected: [(String, String, [String], [String: JSONValue], EventKind)] = [
            ("Lead", "UPDATE", ["Title"], ["Title": "CTO"], .leadUpdated),
            ("Contact", "UPDATE", ["Status"], [:], .leadUpdated),
            ("Lead", "UNDELETE", [], [:], .restored),
            (
                "Lead", "UPDATE", ["HasOptedOutOfEmail", "Status"], ["HasOptedOutOfEmail": true, "Status": "x"],
                .unsubscribed
            ),
            ("Lead", "UPDATE", ["HasOptedOutOfEmail"], ["HasOptedOutOfEmail": false], .leadUpdated),
            ("Lead", "UPDATE", ["Title"], ["Title": "CTO", "HasOptedOutOfEmail": true], .leadUpdated),
            ("Lead", "UPDATE", ["EmailBouncedDate"], ["EmailBouncedDate": "2026-11-19T08:00:00Z"], .emailBounced),
            ("Lead", "UPDATE", ["EmailBouncedDate"], [:], .leadUpdated),
            ("Individual", "UPDATE", ["HasOptedOutSolicit"], ["HasOptedOutSolicit": true], .unsubscribed),
            ("Individual", "UPDATE", ["LastName"], [:], .unknown), ("Account", "CREATE", [], [:], .unknown),
        ]
        for (entity, type, changed, fields, kind) in expected {
            let event = try change(entity, type, changed: changed, fields: fields)
            XCTAssertEqual(event.kind, kind, "\(entity) \(type) \(changed) \(fields)")
        }
        let bounce = try change(
            "Lead", "UPDATE", changed: ["EmailBouncedDate"], fields: ["EmailBouncedDate": "2026-11-19T08:00:00Z"])
        XCTAssertEqual(bounce.occurredAt, Date(wire: "2026-11-19T08:00:00Z"))
    }

    func testOpportunities() throws {
        let id = ["0067Q00000Opp01QAB"]
        let expected: [(String, [String], [String: JSONValue], EventKind)] = [
            ("CREATE", [], ["StageName": "Qualification"], .dealCreated), ("CREATE", [], ["IsWon": true], .dealWon),
            ("UPDATE", ["StageName", "IsWon", "IsClosed"], ["IsWon": true, "IsClosed": true], .dealWon),
            ("UPDATE", ["StageName", "IsClosed"], ["IsClosed": true], .dealLost),
            ("UPDATE", ["StageName"], ["StageName": "Proposal"], .stageChanged), ("UPDATE", ["Amount"], [:], .unknown),
        ]
        for (type, changed, fields, kind) in expected {
            let event = try change("Opportunity", type, changed: changed, ids: id, fields: fields)
            XCTAssertEqual(event.kind, kind, "\(type) \(changed)")
            XCTAssertEqual(event.needsLookup, kind != .unknown)
            XCTAssertNil(event.lead)
        }
    }

    func testEngagement() throws {
        let mail = ["02s7Q00000Mail1QAB"]
        let reply = try change(
            "EmailMessage", "CREATE", ids: mail, fields: ["Incoming": true, "ReplyToEmailMessageId": "02s7Q00000Mail0"])
        XCTAssertEqual(reply.kind, .emailReplied)
        XCTAssertTrue(reply.needsLookup)
        let opened = try change(
            "EmailMessage", "UPDATE", changed: ["LastOpenedDate"], ids: mail,
            fields: ["LastOpenedDate": "2026-11-19T08:00:00Z"])
        XCTAssertEqual(opened.kind, .emailOpened)
        XCTAssertEqual(opened.occurredAt, Date(wire: "2026-11-19T08:00:00Z"))
        let sent = try change("EmailMessage", "CREATE", ids: mail, fields: ["Incoming": false])
        XCTAssertEqual(sent.kind, .unknown)
        let bounced = try change(
            "EmailMessage", "UPDATE", changed: ["IsBounced"], ids: mail, fields: ["IsBounced": true])
        XCTAssertEqual(bounced.kind, .emailBounced)
        let meeting = try change("Event", "CREATE", ids: ["00U7Q00000Evt01"], fields: ["WhoId": "00Q7Q00000Fx001"])
        XCTAssertEqual(meeting.kind, .meetingBooked)
        XCTAssertEqual(meeting.lead?.key, "salesforce:00D7Q000000PubLUAS:Lead:00Q7Q00000Fx001UAB")
        XCTAssertEqual(try change("Event", "CREATE", ids: ["00U7Q00000Evt01"]).kind, .unknown)
    }

    func testGapsWithoutARecordNameTheObject() throws {
        let overflow = try change("Lead", "GAP_OVERFLOW", ids: [])
        XCTAssertEqual(overflow.kind, .gap)
        XCTAssertEqual(overflow.details["resynchronise"], "Lead")
        let wildcard = try change("Lead", "UPDATE", ids: ["00Q*"])
        XCTAssertEqual(wildcard.kind, .gap)
        XCTAssertNil(wildcard.lead)
        XCTAssertEqual(wildcard.details["resynchronise"], "Lead")
    }

    func testWrappedMessages() throws {
        let plain = try Fixture.json("cdc-lead-create.json")
        let onTheWire: JSONValue = ["channel": "/data/ChangeEvents", "data": plain]
        let payload = try XCTUnwrap(plain["payload"])
        for message in [onTheWire, payload] {
            XCTAssertEqual(try parse(message.canonicalData).map(\.kind), [.leadCreated])
        }
    }

    func testOneBadElementCostsNoOther() throws {
        let good = String(decoding: try Fixture.data("cdc-lead-create.json"), as: UTF8.self)
        let bad = [
            "null", "7", "{}", #"{"payload":{"ChangeEventHeader":{}}}"#, #"{"payload":{"ChangeEventHeader":7}}"#,
            #"{"payload":{"ChangeEventHeader":{"entityName":"Lead","changeType":"CREATE","recordIds":["?"]}}}"#,
        ]
        let events = try parse(Data("[\(bad.joined(separator: ",")),\(good)]".utf8))
        XCTAssertEqual(events.map(\.kind), Array(repeating: .unknown, count: bad.count) + [.leadCreated])
        for event in events.dropLast() { XCTAssertNotNil(event.details["note"]) }
    }

    func testAcknowledgementIsNeverEmpty() throws {
        let webhooks = SalesforceWebhooks(
            connection: ConnectionSettings(name: "fjord", system: .salesforce, account: "", publicURL: ""),
            credentials: Credentials([:]))
        let answer = webhooks.acknowledgement(of: try parse(Fixture.data("cdc-lead-create.json")))
        XCTAssertEqual(answer.status, 200)
        XCTAssertEqual(String(decoding: answer.body, as: UTF8.self), "{}")
    }
}
