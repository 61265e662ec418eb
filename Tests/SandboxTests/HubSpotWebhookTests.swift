import Cryptography
import Foundation
import HTTPTypes
import JSON
import Sandbox
import XCTest

/// What the portal sends, compared with the contract's examples.
final class HubSpotWebhookTests: XCTestCase {
    private let token: HTTPHeaders = ["Authorization": "Bearer pat-sandbox-hubspot-token"]

    private func portal(_ change: (inout HubSpotSettings) -> Void = { _ in }) -> HubSpotPortal {
        var settings = HubSpotSettings()
        settings.targetURL = "https://gateway.example.com/webhooks/acme"
        change(&settings)
        return HubSpotPortal(settings)
    }

    private func events(_ requests: [HTTPRequest]) throws -> [JSONValue] {
        try requests.flatMap { try JSONValue(parsing: $0.body).array ?? [] }
    }

    private func lead(_ portal: inout HubSpotPortal, _ email: String = "mira@fjord.example") throws -> String {
        let answer = portal.administer("POST", "leads", ["leads": [["email": .string(email)]]])
        return try XCTUnwrap(answer.body["leads"]?[0]?["id"]?.string)
    }

    /// The element has the example's members, with values of the same kind.
    private func assertShape(_ event: JSONValue?, _ fixture: String, element: Int = 0, line: UInt = #line) throws {
        let expected = try XCTUnwrap(Fixture.json(fixture)[element]?.object)
        let actual = try XCTUnwrap(event?.object, line: line)
        XCTAssertEqual(Set(actual.keys), Set(expected.keys), line: line)
        for (name, value) in expected {
            XCTAssertEqual(actual[name]?.integer == nil, value.integer == nil, name, line: line)
            XCTAssertEqual(actual[name]?.string == nil, value.string == nil, name, line: line)
        }
    }

    func testACreatedLeadIsReportedAsInTheContract() throws {
        var portal = portal()
        _ = try lead(&portal)
        let event = try XCTUnwrap(events(portal.deliver()).first)
        try assertShape(event, "webhook-contact-creation.json")
        XCTAssertEqual(event["changeFlag"], "CREATED")
    }

    func testABulkOfLeadsTravelsInBatchesOfAHundred() throws {
        var portal = portal()
        let leads = (0..<230).map { JSONValue.object(["email": .string("lead\($0)@site.example")]) }
        portal.administer("POST", "leads", ["leads": .array(leads)])
        let requests = portal.deliver()
        XCTAssertEqual(try requests.map { try JSONValue(parsing: $0.body).array?.count }, [100, 100, 30])
        let ids = try events(requests).compactMap { $0["eventId"]?.integer }
        XCTAssertEqual(Set(ids).count, 230)
    }

    func testWhatOurTokenWritesIsMarked() throws {
        var portal = portal { $0.subscriptions = [HubSpotSubscription("contact.propertyChange", "firstname")] }
        let id = try lead(&portal)
        let body: JSONValue = ["properties": ["firstname": "Mira"]]
        _ = portal.call("PATCH", "/crm/v3/objects/contacts/\(id)", body, headers: token)
        let event = try XCTUnwrap(events(portal.deliver()).first)
        try assertShape(event, "webhook-self-caused.json")
        XCTAssertEqual(event["changeSource"], "INTEGRATION")
        XCTAssertEqual(event["sourceId"], "445566")
        _ = portal.call("PATCH", "/crm/v3/objects/contacts/\(id)", body, headers: token)
        XCTAssertTrue(portal.outbox.isIdle, "the same value again is no change")
    }

    func testRetriesKeepTheEventAndCountUp() throws {
        var portal = portal { $0.delivery.retrySeconds = [10] }
        _ = try lead(&portal)
        let first = try XCTUnwrap(events(portal.deliver(to: HTTPResponse(status: 503))).first)
        let second = try XCTUnwrap(events(portal.deliver(now: Clock.after(10))).first)
        XCTAssertEqual(first["attemptNumber"], 0)
        XCTAssertEqual(second["attemptNumber"], 1)
        for name in ["eventId", "subscriptionId", "objectId", "occurredAt"] {
            XCTAssertEqual(first[name], second[name])
        }
    }

    func testErasureIsReportedTwice() throws {
        var portal = portal()
        let id = try lead(&portal)
        _ = portal.deliver()
        _ = portal.call("POST", "/crm/v3/objects/contacts/gdpr-delete", ["objectId": .string(id)], headers: token)
        let sent = try events(portal.deliver())
        XCTAssertEqual(sent.map { $0["subscriptionType"] }, ["contact.privacyDeletion", "contact.deletion"])
        XCTAssertEqual(portal.call("GET", "/crm/v3/objects/contacts/\(id)?archived=true", headers: token).status, 404)
    }

    func testGenericSubscriptionsNameTheType() throws {
        var portal = portal { $0.subscriptions = [HubSpotSubscription("object.creation", objectTypeId: "0-1")] }
        _ = try lead(&portal)
        let event = try XCTUnwrap(events(portal.deliver()).first)
        XCTAssertEqual(event["subscriptionType"], "object.creation")
        XCTAssertEqual(event["objectTypeId"], "0-1")
    }

    func testAWonLeadMakesADealItsAssociationAndItsStage() throws {
        var portal = portal()
        let id = try lead(&portal)
        _ = portal.call(
            "PATCH", "/crm/v3/objects/contacts/\(id)", ["properties": ["firstname": "Mira"]], headers: token)
        _ = portal.deliver()
        let all: JSONValue = ["opened": 1, "clicked": 1, "replied": 1, "meeting": 1, "won": 1, "opted_out": 1]
        portal.administer("POST", "react", ["seed": 1, "probabilities": all])
        let sent = try events(portal.deliver())
        let properties = sent.compactMap { $0["propertyName"]?.string }
        XCTAssertEqual(
            properties,
            [
                "hs_sales_email_last_opened", "hs_sales_email_last_clicked", "hs_sales_email_last_replied",
                "engagements_last_meeting_booked", "dealstage", "hs_email_optout",
            ])
        try assertShape(sent.first, "webhook-email-engagement.json")
        XCTAssertEqual(sent.first?["propertyValue"], "1795100000000")
        XCTAssertTrue(sent.contains { $0["subscriptionType"] == "deal.creation" })
        let won = try XCTUnwrap(sent.first { $0["propertyName"] == "dealstage" })
        try assertShape(won, "webhook-deal-won.json")
        let link = try XCTUnwrap(sent.first { $0["subscriptionType"] == "contact.associationChange" })
        try assertShape(link, "webhook-association-change.json")
        XCTAssertEqual(link["toObjectId"], won["objectId"])
    }

    func testSignaturesAreThoseOfTheContract() throws {
        for vector in try Fixture.json("signature-vectors.json").array ?? [] where vector["version"] == "v3" {
            let time = try XCTUnwrap(vector["timestamp_ms"]?.string.flatMap(Double.init)) / 1000
            var portal = portal {
                $0.clientSecret = vector["client_secret"]?.string ?? ""
                $0.targetURL = vector["uri"]?.string ?? ""
            }
            _ = try lead(&portal)
            let request = try XCTUnwrap(portal.deliver(now: Date(timeIntervalSince1970: time)).first)
            let uri = vector["uri_after_table_decoding"]?.string ?? vector["uri"]?.string ?? ""
            let stamp = try XCTUnwrap(request.headers["X-HubSpot-Request-Timestamp"])
            XCTAssertEqual(stamp, vector["timestamp_ms"]?.string)
            let signed = Data("POST\(uri)".utf8) + request.body + Data(stamp.utf8)
            let secret = Data((vector["client_secret"]?.string ?? "").utf8)
            XCTAssertEqual(
                request.headers["X-HubSpot-Signature-v3"],
                MessageAuthentication.hmacSHA256(signed, key: secret).base64EncodedString())
        }
    }
}
