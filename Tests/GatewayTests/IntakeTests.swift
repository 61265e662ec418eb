import Foundation
import Gateway
import HTTPTypes
import JSON
import JobQueue
import PostgresClient
import Telemetry
import TestSupport
import XCTest

final class IntakeTests: XCTestCase {
    private static let creation = GatewayFixture.event(
        1, #""subscriptionType":"contact.creation","objectId":151,"changeFlag":"CREATED""#)

    func testAnAuthenticDeliveryIsCommittedWithItsJob() async throws {
        let fixture = try await GatewayFixture()
        let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[\(Self.creation)]"))
        XCTAssertTrue(response.isSuccess, String(decoding: response.body, as: UTF8.self))
        let deliveries = try await fixture.count("SELECT count(*) FROM deliveries WHERE events = 1 AND duplicates = 0")
        XCTAssertEqual(deliveries, 1)
        let jobs = try await fixture.queue.claim(stage: "understand", limit: 10)
        XCTAssertEqual(jobs.count, 1)
        let row = try await fixture.database.pool.query(
            "SELECT kind, object_id, lead_key FROM events WHERE id = $1", [jobs[0].payload["event"]?.integer ?? 0])
        let event = try XCTUnwrap(row.first).decode(String.self, String.self, String.self)
        XCTAssertEqual("\(event)", #"("lead.created", "151", "hubspot:8112233:contact:151")"#)
        await fixture.database.drop()
    }

    func testTheSameDeliveryAgainChangesNothing() async throws {
        let fixture = try await GatewayFixture()
        // HubSpot's retry: everything equal but the attempt and the signature's time.
        let retry = Self.creation.replacing(#""attemptNumber":0"#, with: #""attemptNumber":1"#)
        for body in ["[\(Self.creation)]", "[\(retry)]", "[\(retry),\(retry)]"] {
            let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot(body))
            XCTAssertTrue(response.isSuccess)
        }
        let events = try await fixture.count("SELECT count(*) FROM events")
        let jobs = try await fixture.count("SELECT count(*) FROM jobs")
        let duplicates = try await fixture.count("SELECT sum(duplicates) FROM deliveries")
        XCTAssertEqual([events, jobs, duplicates], [1, 1, 3])
        await fixture.database.drop()
    }

    func testConcurrentDeliveriesOfOneEventQueueItOnce() async throws {
        let fixture = try await GatewayFixture()
        let second = GatewayFixture.event(2, #""subscriptionType":"contact.creation","objectId":152"#)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for index in 0..<16 {
                // In both orders, which would deadlock if keys were inserted as they come.
                let body = index.isMultiple(of: 2) ? "[\(Self.creation),\(second)]" : "[\(second),\(Self.creation)]"
                group.addTask { await fixture.gateway.respond(to: GatewayFixture.hubSpot(body)).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertTrue(statuses.allSatisfy { (200..<300).contains($0) }, "\(statuses)")
        let jobs = try await fixture.count("SELECT count(*) FROM jobs")
        XCTAssertEqual(jobs, 2)
        await fixture.database.drop()
    }

    func testAWrongSignatureAndAStaleTimestampAreRefusedAndCounted() async throws {
        let fixture = try await GatewayFixture()
        let body = "[\(Self.creation)]"
        let forged = await fixture.gateway.respond(to: GatewayFixture.hubSpot(body, secret: "guessed"))
        let stale = await fixture.gateway.respond(
            to: GatewayFixture.hubSpot(body, at: Date(timeIntervalSinceNow: -301)))
        var unsigned = GatewayFixture.hubSpot(body)
        unsigned.headers["X-HubSpot-Signature-v3"] = nil
        let bare = await fixture.gateway.respond(to: unsigned)
        XCTAssertEqual([forged.status, stale.status, bare.status], [401, 401, 401])
        let rows = try await fixture.count("SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM jobs)")
        XCTAssertEqual(rows, 0)
        let refused = #"leadwright_deliveries_refused_total{connection="acme-hubspot",reason="signature"} 3"#
        XCTAssertTrue(fixture.metrics.rendered().contains(refused), fixture.metrics.rendered())
        await fixture.database.drop()
    }

    func testABodyThatIsNoJSONIsRefusedWithThePlace() async throws {
        let fixture = try await GatewayFixture()
        let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot(#"[{"eventId":1,}]"#))
        XCTAssertEqual(response.status, 400)
        let message = try JSONValue(parsing: response.body)["error"]?["message"]?.string ?? ""
        XCTAssertTrue(message.contains("line 1") && message.contains("column 15"), message)
        await fixture.database.drop()
    }

    func testATimeThatIsNoneDoesNotCostTheDelivery() async throws {
        let fixture = try await GatewayFixture()
        let event = Self.creation.replacing("1795100000000", with: "9223372036854775807")
        let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[\(event)]"))
        XCTAssertEqual(response.status, 200)
        let now = try await fixture.count("SELECT count(*) FROM events WHERE occurred_at > now() - interval '1 hour'")
        XCTAssertEqual(now, 1, "it happened when it was received, as far as we know")
        await fixture.database.drop()
    }

    func testEventsThatMeanNothingAndOurOwnWritesAreStoredWithoutAJob() async throws {
        let fixture = try await GatewayFixture()
        let unknown = GatewayFixture.event(3, #""subscriptionType":"conversation.newMessage","objectId":9"#)
        let ours = GatewayFixture.event(
            4,
            #""subscriptionType":"contact.propertyChange","objectId":151,"propertyName":"leadwright_x","propertyValue":"y""#
        ).replacing(#""changeSource":"CRM_UI""#, with: #""changeSource":"INTEGRATION","sourceId":"445566""#)
        let response = await fixture.gateway.respond(to: GatewayFixture.hubSpot("[\(unknown),\(ours)]"))
        XCTAssertTrue(response.isSuccess)
        let ignored = try await fixture.count("SELECT count(*) FROM events WHERE ignored IS NOT NULL")
        let jobs = try await fixture.count("SELECT count(*) FROM jobs")
        XCTAssertEqual([ignored, jobs], [2, 0])
        await fixture.database.drop()
    }

    func testAnUnknownConnectionIsNotFound() async throws {
        let fixture = try await GatewayFixture()
        let response = await fixture.gateway.respond(to: HTTPRequest("POST", "/webhooks/nobody", body: Data("[]".utf8)))
        XCTAssertEqual(response.status, 404)
        let get = await fixture.gateway.respond(to: HTTPRequest("GET", "/webhooks/acme-hubspot"))
        XCTAssertEqual(get.status, 405)
        await fixture.database.drop()
    }

    func testASalesforceMessageIsAcknowledgedInItsOwnForm() async throws {
        let fixture = try await GatewayFixture()
        let body = """
            <?xml version="1.0" encoding="UTF-8"?>
            <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
            <e:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">
            <OrganizationId>00D7Q000000PubLUAS</OrganizationId><ActionId>04k7Q000000ActNQAS</ActionId>
            <Notification><Id>04l7Q00000Nx001QAB</Id><sObject i:type="s:Lead" xmlns:s="urn:sobject.enterprise.soap.sforce.com">
            <s:Id>00Q7Q00000Fx001UAB</s:Id><s:Status>Open - Not Contacted</s:Status></sObject></Notification>
            </notifications></e:Body></e:Envelope>
            """
        let request = HTTPRequest(
            "POST", "/webhooks/acme-salesforce/\(GatewayFixture.webhookSecret)",
            headers: ["Content-Type": "text/xml; charset=utf-8"], body: Data(body.utf8))
        let response = await fixture.gateway.respond(to: request)
        XCTAssertEqual(response.status, 200)
        XCTAssertTrue(String(decoding: response.body, as: UTF8.self).contains("<Ack>true</Ack>"))
        var forged = request
        forged.target = "/webhooks/acme-salesforce/wrong"
        let refused = await fixture.gateway.respond(to: forged)
        XCTAssertEqual(refused.status, 401)
        await fixture.database.drop()
    }
}
