import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import XCTest

final class HubSpotWebhooksTests: XCTestCase {
    private let receivedAt = Date(timeIntervalSince1970: 1_795_100_001)

    private func webhooks(account: String = "8112233", clientID: String? = "445566", options: [String: String] = [:])
        -> HubSpotWebhooks
    {
        HubSpotWebhooks(
            connection: ConnectionSettings(
                name: "acme", system: .hubspot, account: account, publicURL: "https://gateway.example.com",
                clientID: clientID, options: options), credentials: Credentials([:]))
    }

    private func parse(_ body: Data, with reader: HubSpotWebhooks? = nil) throws -> [CRMEvent] {
        try (reader ?? webhooks()).parse(
            Delivery(
                method: "POST", uri: "https://gateway.example.com/webhooks/acme", headers: [:], body: body,
                receivedAt: receivedAt))
    }

    private func parse(fixture name: String) throws -> [CRMEvent] { try parse(Fixture.data(name)) }

    private func event(_ members: String) throws -> CRMEvent {
        let body = #"[{"eventId":1,"subscriptionId":2,"portalId":8112233,"occurredAt":1795100000000,\#(members)}]"#
        return try XCTUnwrap(parse(Data(body.utf8)).first)
    }

    // MARK: Each kind

    func testContactCreation() throws {
        let event = try XCTUnwrap(parse(fixture: "webhook-contact-creation.json").first)
        XCTAssertEqual(event.kind, .leadCreated)
        XCTAssertEqual(event.objectType, "contact")
        XCTAssertEqual(event.lead?.key, "hubspot:8112233:contact:151")
        XCTAssertEqual(event.occurredAt.millisecondsSince1970, 1_795_100_000_000)
        XCTAssertEqual(event.dedupeKey, "8112233:3101:1000001:151::1795100000000")
        XCTAssertFalse(event.causedByUs)
        XCTAssertFalse(event.needsLookup)
    }

    func testKindsOfTheFixtures() throws {
        let expected: [(String, [EventKind])] = [
            ("webhook-association-change.json", [.associationChanged]),
            ("webhook-deal-creation.json", [.dealCreated]),
            ("webhook-deal-won.json", [.dealWon]),
            ("webhook-email-engagement.json", [.emailOpened, .emailReplied]),
            ("webhook-generic-object.json", [.leadCreated, .dealLost]),
            ("webhook-meeting-booked.json", [.meetingBooked]),
            ("webhook-merge.json", [.merged]),
            ("webhook-privacy-deletion.json", [.privacyDeleted, .deleted]),
            ("webhook-self-caused.json", [.leadUpdated]),
            ("webhook-stage-change.json", [.stageChanged]),
            ("webhook-unsubscribed.json", [.unsubscribed]),
            ("workflow-action-execution.json", [.actionRequested]),
        ]
        for (name, kinds) in expected {
            XCTAssertEqual(try parse(fixture: name).map(\.kind), kinds, name)
        }
    }

    func testPropertyChanges() throws {
        let expected: [(String, String, EventKind)] = [
            ("lifecyclestage", "customer", .stageChanged), ("hs_lead_status", "CONNECTED", .stageChanged),
            ("hs_email_optout", "TRUE", .unsubscribed), ("hs_email_optout", "", .leadUpdated),
            ("hs_email_optout", "false", .leadUpdated), ("hs_email_optout_12345", "true", .leadUpdated),
            ("hs_email_last_open_date", "1795099996000", .emailOpened),
            ("hs_sales_email_last_clicked", "2026-11-19T15:59:56Z", .emailClicked),
            ("hs_email_last_click_date", "1795099996000", .emailClicked),
            ("hs_email_last_reply_date", "", .leadUpdated), ("hs_email_bounce", "1", .emailBounced),
            ("hs_email_bounce", "0", .leadUpdated),
            ("hs_email_hard_bounce_reason_enum", "UNKNOWN_USER", .emailBounced), ("firstname", "Mira", .leadUpdated),
        ]
        for (property, value, kind) in expected {
            let event = try event(
                #""subscriptionType":"contact.propertyChange","objectId":151,"propertyName":"\#(property)","#
                    + #""propertyValue":"\#(value)""#)
            XCTAssertEqual(event.kind, kind, "\(property) = \(value)")
            XCTAssertEqual(event.property, property)
            XCTAssertEqual(event.value, value)
        }
    }

    func testEngagementHappenedWhenItsValueSays() throws {
        let events = try parse(fixture: "webhook-email-engagement.json")
        XCTAssertEqual(
            events.map(\.occurredAt.millisecondsSince1970), [1_795_099_996_000, 1_795_099_999_000])
        let meeting = try event(
            #""subscriptionType":"contact.propertyChange","objectId":151,"#
                + #""propertyName":"engagements_last_meeting_booked","propertyValue":"1795200000000""#)
        XCTAssertEqual(
            meeting.occurredAt.millisecondsSince1970, 1_795_100_000_000, "a meeting ahead was booked when HubSpot says")
    }

    func testDeals() throws {
        for (value, kind) in [
            ("closedwon", EventKind.dealWon), ("closedlost", .dealLost), ("qualifiedtobuy", .stageChanged),
            ("98765", .stageChanged),
        ] {
            let event = try event(
                #""subscriptionType":"deal.propertyChange","objectId":7701,"propertyName":"dealstage","#
                    + #""propertyValue":"\#(value)""#)
            XCTAssertEqual(event.kind, kind)
            XCTAssertNil(event.lead)
            XCTAssertTrue(event.needsLookup)
        }
        let amount = try event(
            #""subscriptionType":"deal.propertyChange","objectId":7701,"propertyName":"amount","propertyValue":"3""#)
        XCTAssertEqual(amount.kind, .unknown)
        XCTAssertFalse(amount.needsLookup)
    }

    func testGenericObjects() throws {
        let expected: [(String, String, EventKind, String)] = [
            ("0-1", "creation", .leadCreated, "contact"), ("0-1", "deletion", .deleted, "contact"),
            ("0-1", "restore", .restored, "contact"), ("0-1", "privacyDeletion", .privacyDeleted, "contact"),
            ("0-3", "creation", .dealCreated, "deal"), ("0-47", "creation", .meetingBooked, "meeting"),
            ("0-136", "creation", .leadCreated, "lead"), ("0-2", "creation", .unknown, "company"),
            ("2-123456", "creation", .unknown, "2-123456"), ("0-3", "deletion", .unknown, "deal"),
        ]
        for (typeID, change, kind, objectType) in expected {
            let event = try event(
                #""subscriptionType":"object.\#(change)","objectTypeId":"\#(typeID)","objectId":153"#)
            XCTAssertEqual(event.kind, kind, "\(typeID) \(change)")
            XCTAssertEqual(event.objectType, objectType)
            XCTAssertEqual(event.lead != nil, objectType == "contact")
        }
    }

    /// Every subscription that Connectors/hubspot asks an administrator to make means something here.
    func testPublishedSubscriptionsAreUnderstood() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Connectors/hubspot/subscriptions.json")
        let subscriptions = try XCTUnwrap(JSONValue(parsing: Data(contentsOf: file)).array)
        XCTAssertEqual(subscriptions.count, 18)
        for subscription in subscriptions {
            let type = try XCTUnwrap(subscription["eventType"]?.string)
            let property = subscription["propertyName"]?.string ?? ""
            let event = try event(
                #""subscriptionType":"\#(type)","objectId":151,"propertyName":"\#(property)","propertyValue":"1""#)
            XCTAssertFalse([.unknown, .leadUpdated].contains(event.kind), "\(subscription)")
        }
    }

    func testMergeNamesSurvivorAndGone() throws {
        let event = try XCTUnwrap(parse(fixture: "webhook-merge.json").first)
        XCTAssertEqual(event.lead?.key, "hubspot:8112233:contact:190")
        XCTAssertEqual(event.details["merged_ids"], "152,151")
        XCTAssertEqual(event.dedupeKey, "8112233:3111:1000001:151::1795100000000")
    }

    func testAssociation() throws {
        let event = try XCTUnwrap(parse(fixture: "webhook-association-change.json").first)
        XCTAssertEqual(event.lead?.key, "hubspot:8112233:contact:151")
        XCTAssertEqual(event.dedupeKey, "8112233:3112:1000001:151>7701::1795100000000")
        XCTAssertEqual(event.details["to_id"], "7701")
        let reverse = try self.event(
            #""subscriptionType":"deal.associationChange","associationType":"DEAL_TO_CONTACT","#
                + #""fromObjectId":7701,"toObjectId":151"#)
        XCTAssertEqual(reverse.lead?.key, "hubspot:8112233:contact:151")
    }

    func testWorkflowAction() throws {
        let event = try XCTUnwrap(parse(fixture: "workflow-action-execution.json").first)
        XCTAssertEqual(event.lead?.key, "hubspot:8112233:contact:151")
        XCTAssertEqual(event.dedupeKey, "action:ap-8112233-1122334455-3-0")
        XCTAssertEqual(event.details["callback_id"], "ap-8112233-1122334455-3-0")
        XCTAssertEqual(event.details["input.tone"], "plain")
        XCTAssertEqual(event.fields["lifecyclestage"], "lead")
        let answer = webhooks().acknowledgement(of: [event])
        XCTAssertEqual(answer.status, 200)
        XCTAssertEqual(
            try JSONValue(parsing: answer.body), try Fixture.json("workflow-action-response-block.json"))
    }

    func testEventsAreAcknowledgedWithoutBody() throws {
        let answer = webhooks().acknowledgement(of: try parse(fixture: "webhook-contact-creation.json"))
        XCTAssertEqual(answer.status, 200)
        XCTAssertTrue(answer.body.isEmpty)
    }

    // MARK: Envelope

    func testRetriesHaveOneKey() throws {
        let events = try parse(fixture: "webhook-retry-duplicate.json")
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, 1)
        XCTAssertEqual(events.map(\.attempt), [0, 2])
    }

    func testEveryPartOfTheKeyCounts() throws {
        let base = #""eventId":1,"subscriptionId":2,"portalId":8112233,"occurredAt":4,"objectId":5,"propertyName":"a""#
        let variants = [
            base, base.replacing(#""eventId":1"#, with: #""eventId":9"#),
            base.replacing(#""subscriptionId":2"#, with: #""subscriptionId":9"#),
            base.replacing(#""occurredAt":4"#, with: #""occurredAt":9"#),
            base.replacing(#""objectId":5"#, with: #""objectId":9"#), base.replacing(#""a""#, with: #""b""#),
        ]
        let body = variants.map { #"{"subscriptionType":"contact.propertyChange",\#($0)}"# }.joined(separator: ",")
        let events = try parse(Data("[\(body)]".utf8))
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, variants.count)
    }

    func testOurOwnWritesAreMarked() throws {
        let body = try Fixture.data("webhook-self-caused.json")
        XCTAssertEqual(try parse(body).map(\.causedByUs), [true])
        XCTAssertEqual(try parse(body, with: webhooks(clientID: "999")).map(\.causedByUs), [false])
        XCTAssertEqual(try parse(body, with: webhooks(clientID: nil)).map(\.causedByUs), [true], "the event's own app")
        let people = try event(
            #""subscriptionType":"contact.creation","objectId":151,"changeSource":"CRM_UI","sourceId":"445566""#)
        XCTAssertFalse(people.causedByUs)
    }

    func testIdsKeepAllTheirDigits() throws {
        let event = try event(#""subscriptionType":"contact.creation","objectId":9007199254740993"#)
        XCTAssertEqual(event.lead?.objectID, "9007199254740993")
        XCTAssertTrue(event.dedupeKey.contains(":9007199254740993:"))
    }

    func testAnotherPortalsEventBelongsToNobodyHere() throws {
        let events = try parse(Fixture.data("webhook-contact-creation.json"), with: webhooks(account: "1"))
        XCTAssertEqual(events.map(\.kind), [.unknown])
        XCTAssertNil(events[0].lead)
        XCTAssertEqual(events[0].details["note"], "portal 8112233 does not belong to this connection")
        XCTAssertEqual(
            try parse(Fixture.data("webhook-contact-creation.json"), with: webhooks(account: "")).map(\.kind),
            [.leadCreated])
    }

    // MARK: Bad input

    func testOneBadElementCostsNoOther() throws {
        let good = String(decoding: try Fixture.data("webhook-contact-creation.json"), as: UTF8.self).dropFirst()
        let bad = [
            "null", "7", #""text""#, "[]", "{}", #"{"subscriptionType":"contact.creation"}"#,
            #"{"subscriptionType":"contact.creation","portalId":8112233,"objectId":1.5}"#,
            #"{"subscriptionType":7,"portalId":8112233,"objectId":1}"#,
            #"{"subscriptionType":"nodot","portalId":8112233,"objectId":1}"#,
        ]
        let events = try parse(Data("[\(bad.joined(separator: ",")),\(good)".utf8))
        XCTAssertEqual(events.map(\.kind), Array(repeating: .unknown, count: bad.count) + [.leadCreated])
        for event in events.dropLast() { XCTAssertNotNil(event.details["note"]) }
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, events.count)
    }

    func testUnknownEventsOfARetryHaveOneKey() throws {
        let events = try parse(Data(#"[{"odd":1,"attemptNumber":0},{"odd":1,"attemptNumber":3}]"#.utf8))
        XCTAssertEqual(Set(events.map(\.dedupeKey)).count, 1)
    }

    func testWhatIsNoDeliveryIsRefusedWithThePlace() {
        for (body, fragment) in [
            ("", "not valid JSON"), ("[{]", "line 1"), ("7", "neither"), ("<xml/>", "not valid JSON"),
            (String(repeating: "[", count: 100_000), "not valid JSON"),
        ] {
            XCTAssertThrowsError(try parse(Data(body.utf8)), body) { error in
                XCTAssertEqual((error as? CRMError)?.code, .malformedDelivery)
                XCTAssertTrue("\(error)".contains(fragment), "\(error)")
            }
        }
    }
}
