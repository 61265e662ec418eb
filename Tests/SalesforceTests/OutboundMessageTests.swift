import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import Salesforce
import XCTest

final class OutboundMessageTests: XCTestCase {
    private let receivedAt = Date(timeIntervalSince1970: 1_795_100_001)

    private func webhooks(account: String = "00D7Q000000PubL", options: [String: String] = [:]) -> SalesforceWebhooks {
        SalesforceWebhooks(
            connection: ConnectionSettings(
                name: "fjord", system: .salesforce, account: account, publicURL: "https://gateway.example.com",
                options: options), credentials: Credentials(["webhook_secret": "long-random-text"]))
    }

    private func delivery(_ body: Data, uri: String = "https://gateway.example.com/webhooks/fjord") -> Delivery {
        Delivery(
            method: "POST", uri: uri, headers: ["Content-Type": "text/xml; charset=utf-8"], body: body,
            receivedAt: receivedAt)
    }

    private func fixture(_ name: String, replacing old: String = "", with new: String = "") throws -> Data {
        let text = String(decoding: try Fixture.data(name), as: UTF8.self)
        XCTAssertTrue(old.isEmpty || text.contains(old), "the fixture lacks \(old)")
        return Data((old.isEmpty ? text : text.replacing(old, with: new)).utf8)
    }

    private func parse(_ body: Data, options: [String: String] = [:]) throws -> [CRMEvent] {
        try webhooks(options: options).parse(delivery(body))
    }

    func testLead() throws {
        let event = try XCTUnwrap(parse(fixture("outbound-message-lead-created.xml")).first)
        XCTAssertEqual(event.kind, .leadCreated)
        XCTAssertEqual(event.lead?.key, "salesforce:00D7Q000000PubLUAS:Lead:00Q7Q00000Fx001UAB")
        XCTAssertEqual(event.dedupeKey, "04l7Q00000Nx001QAB")
        XCTAssertEqual(event.occurredAt, receivedAt)
        XCTAssertEqual(event.fields["Company"], "Fjord & Fell")
        XCTAssertEqual(event.fields["LastName"], "Åkesson")
        XCTAssertFalse(event.causedByUs)
    }

    func testSeveralNotifications() throws {
        let events = try parse(fixture("outbound-message-three-leads.xml"))
        XCTAssertEqual(events.map(\.kind), [.stageChanged, .stageChanged, .stageChanged])
        XCTAssertEqual(events.map(\.dedupeKey), ["04l7Q00000Nx002QAB", "04l7Q00000Nx003QAB", "04l7Q00000Nx004QAB"])
        XCTAssertEqual(events.map(\.value), Array(repeating: "Working - Contacted", count: 3))
    }

    func testOpportunity() throws {
        let name = "outbound-message-opportunity-won.xml"
        let won = try XCTUnwrap(parse(fixture(name)).first)
        XCTAssertEqual(won.kind, .dealWon)
        XCTAssertNil(won.lead)
        XCTAssertTrue(won.needsLookup)
        let lost = try fixture(name, replacing: "<sf:IsWon>true", with: "<sf:IsWon>false")
        XCTAssertEqual(try parse(lost).map(\.kind), [.dealLost])
        let open = try fixture(name, replacing: "true", with: "false")
        XCTAssertEqual(try parse(open).map(\.kind), [.stageChanged])
    }

    /// What a message means is the connection's to say; one action's option goes before the general one.
    func testMeaningIsConfigured() throws {
        let body = try fixture("outbound-message-lead-created.xml")
        XCTAssertEqual(try parse(body, options: ["outbound_message": "stage.changed"]).map(\.kind), [.stageChanged])
        XCTAssertEqual(
            try parse(
                body,
                options: ["outbound_message": "stage.changed", "outbound_message.04k7Q000000ActN": "lead.updated"]
            ).map(\.kind), [.leadUpdated])
        XCTAssertEqual(
            try parse(body, options: ["initial_status": "New"]).map(\.kind), [.stageChanged])
    }

    func testTimesOfTheRecordTellNewFromChanged() throws {
        let name = "outbound-message-three-leads.xml"
        func times(_ created: String, _ modified: String) throws -> Data {
            try fixture(
                name, replacing: "<sf:Company>",
                with:
                    "<sf:CreatedDate>\(created)</sf:CreatedDate><sf:LastModifiedDate>\(modified)</sf:LastModifiedDate>"
                    + "<sf:Company>")
        }
        let new = try parse(times("2026-11-19T08:00:00.000Z", "2026-11-19T08:00:00.000Z"))
        XCTAssertEqual(new[0].kind, .leadCreated)
        XCTAssertEqual(new[0].occurredAt, Date(wire: "2026-11-19T08:00:00Z"))
        let changed = try parse(times("2026-11-19T08:00:00.000Z", "2026-11-19T09:00:00.000Z"))
        XCTAssertEqual(changed[0].kind, .stageChanged)
    }

    func testPrefixesAreFree() throws {
        let body = """
            <S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>
            <o:notifications xmlns:o="http://soap.sforce.com/2005/09/outbound"
              xmlns:i="http://www.w3.org/2001/XMLSchema-instance"
              xmlns:r="urn:sobject.enterprise.soap.sforce.com">
            <o:OrganizationId>00D7Q000000PubL</o:OrganizationId><o:ActionId>04k7Q000000ActN</o:ActionId>
            <o:Notification><o:Id>04l7Q00000Nx001</o:Id><o:sObject i:type="r:Contact"><r:Id>0037Q00000Con01</r:Id>
            <r:Description><![CDATA[a <b> & c]]></r:Description><r:MailingAddress><r:city>Oslo</r:city></r:MailingAddress>
            </o:sObject></o:Notification></o:notifications></S:Body></S:Envelope>
            """
        let event = try XCTUnwrap(parse(Data(body.utf8)).first)
        XCTAssertEqual(event.lead?.key, "salesforce:00D7Q000000PubLUAS:Contact:0037Q00000Con01QAB")
        XCTAssertEqual(event.dedupeKey, "04l7Q00000Nx001QAB")
        XCTAssertEqual(event.fields["Description"], "a <b> & c")
        XCTAssertNil(event.fields["city"])
        let foreign = body.replacing("http://soap.sforce.com/2005/09/outbound", with: "urn:other")
        XCTAssertThrowsError(try parse(Data(foreign.utf8)))
    }

    func testOneBadNotificationCostsNoOther() throws {
        let body = try fixture(
            "outbound-message-three-leads.xml", replacing: "<sf:Id>00Q7Q00000Fx003UAB</sf:Id>", with: "")
        let events = try parse(body)
        XCTAssertEqual(events.map(\.kind), [.stageChanged, .unknown, .stageChanged])
        XCTAssertEqual(events[1].dedupeKey, "04l7Q00000Nx003QAB")
        XCTAssertNotNil(events[1].details["note"])
    }

    func testAcknowledgement() throws {
        let answer = webhooks().acknowledgement(of: try parse(fixture("outbound-message-lead-created.xml")))
        XCTAssertEqual(answer.status, 200)
        XCTAssertEqual(answer.headers["Content-Type"], "text/xml; charset=utf-8")
        XCTAssertEqual(answer.body, try Fixture.data("outbound-message-ack.xml"))
    }

    // MARK: Authenticity

    func testSecretAndOrganisation() throws {
        let body = try fixture("outbound-message-lead-created.xml")
        let secretURI = "https://gateway.example.com/webhooks/fjord/long-random-text"
        XCTAssertEqual(webhooks().verify(delivery(body, uri: secretURI)), .authentic)
        XCTAssertNotEqual(webhooks().verify(delivery(body)), .authentic)
        let other = webhooks(account: "00D7Q000000PubM")
        XCTAssertEqual(
            other.verify(delivery(body, uri: secretURI)),
            .refused("the organisation is not one of this connection's"))
        let further = webhooks(account: "00D7Q000000PubM", options: ["organizations": "00D1, 00D7Q000000PubLUAS"])
        XCTAssertEqual(further.verify(delivery(body, uri: secretURI)), .authentic)
        let keyless = SalesforceWebhooks(
            connection: ConnectionSettings(name: "fjord", system: .salesforce, account: "", publicURL: ""),
            credentials: Credentials([:]))
        XCTAssertNotEqual(keyless.verify(delivery(body, uri: secretURI)), .authentic)
    }

    // MARK: Bad input

    func testDocumentTypesAreRefused() throws {
        let envelope = String(decoding: try fixture("outbound-message-lead-created.xml"), as: UTF8.self)
        for declaration in [
            #"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"#,
            #"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>"#,
        ] {
            let body = envelope.replacing("<soapenv:Envelope", with: declaration + "<soapenv:Envelope")
                .replacing("Mira", with: "&a;")
            assertRefused(Data(body.utf8), "document type")
        }
        // A document type in UTF-16 would not be found by looking for it, so nothing but UTF-8 is read.
        let wide = #"<?xml version="1.0"?><!DOCTYPE x>"# + envelope.drop { $0 != ">" }.dropFirst()
        assertRefused(try XCTUnwrap(wide.data(using: .utf16)), "not UTF-8")
        assertRefused(
            Data(envelope.replacing(#"encoding="UTF-8""#, with: #"encoding="UTF-7""#).utf8), "encoding other than")
    }

    func testWhatIsNoMessageIsRefusedWithThePlace() throws {
        assertRefused(Data("<a>".utf8), "line 1")
        assertRefused(Data("<a/>".utf8), "no outbound message")
        assertRefused(Data("".utf8), "ends before its root")
        let empty = """
            <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
            <notifications xmlns="http://soap.sforce.com/2005/09/outbound"/></e:Body></e:Envelope>
            """
        assertRefused(Data(empty.utf8), "no notification")
        let cut = try fixture("outbound-message-three-leads.xml").prefix(1200)
        assertRefused(cut, "not well-formed XML at line 24")
        assertRefused(Data(String(repeating: "<a>", count: 100_000).utf8), "nested deeper")
        for (body, fragment) in [
            ("<a></b>", "does not match"), ("<a/><b/>", "second root"), ("<a/>x", "outside the root"),
            ("<a>&x;</a>", "unknown reference"), ("<a>&#0;</a>", "unknown reference"), ("<a>& b</a>", "reference"),
            ("<a b=1/>", "in quotes"), ("<a b='1' b='2'/>", "given twice"), ("<a b='1'c='2'/>", "a space"),
            ("<x:a/>", "undeclared prefix"), ("<a", "a space"), ("<a>\u{1}</a>", "control character"),
            ("<a b='<'/>", "no end"), ("<a><![CDATA[x", "ends inside"), ("<1a/>", "a name is expected"),
            ("<!-- <a/>", "ends inside"),
        ] {
            assertRefused(Data(body.utf8), fragment)
        }
    }

    private func assertRefused(_ body: Data, _ fragment: String, line: UInt = #line) {
        XCTAssertThrowsError(try parse(body), line: line) { error in
            XCTAssertEqual((error as? CRMError)?.code, .malformedDelivery, line: line)
            XCTAssertTrue("\(error)".contains(fragment), "\(error)", line: line)
        }
    }
}
