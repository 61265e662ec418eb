import Cryptography
import Foundation
import HTTPTypes
import JSON
import Sandbox
import XCTest

/// What simple-salesforce does not look at: messages, ids, token errors, faults in batches.
final class SalesforceOrgTests: XCTestCase {
    private func org(_ change: (inout SalesforceSettings) -> Void = { _ in }) -> SalesforceOrg {
        var settings = SalesforceSettings()
        settings.targetURL = "https://gateway.example.com/webhooks/acme"
        settings.headers = ["X-API-Key: secret"]
        change(&settings)
        return SalesforceOrg(settings)
    }

    private func login(_ org: inout SalesforceOrg, now: Date = Clock.start) throws -> HTTPHeaders {
        let form =
            "grant_type=client_credentials&client_id=sandbox-salesforce-consumer-key"
            + "&client_secret=sandbox-salesforce-consumer-secret"
        let request = HTTPRequest(
            "POST", "/services/oauth2/token", headers: ["Host": "127.0.0.1:99"], body: Data(form.utf8))
        let body = try JSONValue(parsing: org.answer(request, now: now).response.body)
        XCTAssertEqual(body["instance_url"], "http://127.0.0.1:99")
        return ["Authorization": "Bearer \(try XCTUnwrap(body["access_token"]?.string))"]
    }

    private func lead(_ org: inout SalesforceOrg, _ more: [String: JSONValue] = [:]) throws -> String {
        let lead: [String: JSONValue] = [
            "first_name": "Mira", "last_name": "Åkesson", "company": "Fjord & Fell", "email": "mira@fjord.example",
        ]
        let body: JSONValue = ["leads": [.object(lead.merging(more) { $1 })]]
        return try XCTUnwrap(org.administer("POST", "leads", body).body["leads"]?[0]?["id"]?.string)
    }

    private var acknowledged: HTTPResponse {
        get throws { HTTPResponse(status: 200, body: try Fixture.data("outbound-message-ack.xml")) }
    }

    func testIdsHaveTheirChecksum() throws {
        var org = org()
        let id = try lead(&org)
        XCTAssertEqual(id.count, 18)
        XCTAssertEqual(id.prefix(5), "00Q7Q")
        // Published pairs.
        for (short, suffix) in [("00Q1N00000bS2eO", "UAS"), ("00190000001pPvH", "AAU")] {
            XCTAssertEqual(SalesforceIdentifier.canonical(short), short + suffix)
        }
        XCTAssertNil(SalesforceIdentifier.canonical("nope"))
    }

    func testAnOutboundMessageHasTheContractsForm() throws {
        var org = org()
        for number in 1...3 { _ = try lead(&org, ["email": .string("c\(number)@site.example")]) }
        let requests = org.deliver(to: try acknowledged)
        XCTAssertEqual(requests.count, 1)
        let request = try XCTUnwrap(requests.first)
        XCTAssertEqual(request.headers["Content-Type"], "text/xml; charset=utf-8")
        XCTAssertEqual(request.headers["SOAPAction"], "\"\"")
        XCTAssertEqual(request.headers["X-API-Key"], "secret")
        let sent = String(decoding: request.body, as: UTF8.self)
        let example = String(decoding: try Fixture.data("outbound-message-three-leads.xml"), as: UTF8.self)
        XCTAssertEqual(Self.head(of: sent), Self.head(of: example))
        XCTAssertEqual(sent.components(separatedBy: "<Notification>").count, 4)
        XCTAssertTrue(sent.contains("<sf:Company>Fjord &amp; Fell</sf:Company>"))
        XCTAssertTrue(sent.contains("<SessionId xsi:nil=\"true\"/>"))
    }

    /// The lines from the top to the action, which do not depend on the records.
    private static func head(of text: String) -> [String] {
        text.split(separator: "\n").prefix(5).map { $0.trimmingCharacters(in: .whitespaces) }
    }

    func testAMessageWithoutAckIsRepeatedWithItsNotificationAndPresentData() throws {
        var org = org { $0.delivery.retrySeconds = [30] }
        let id = try lead(&org)
        let first = try XCTUnwrap(org.deliver(to: HTTPResponse(status: 200)).first)
        _ = org.administer("POST", "configure", ["channels": ["stage_changed": []]])
        org.administer("POST", "stages", ["changes": [["id": .string(id), "stage": "Working - Contacted"]]])
        let second = try XCTUnwrap(org.deliver(to: try acknowledged, now: Clock.after(30)).first)
        func notification(_ request: HTTPRequest) -> Substring? {
            String(decoding: request.body, as: UTF8.self).firstMatch(of: /<Notification>\s*<Id>(04l\w+)</)?.1
        }
        XCTAssertNotNil(notification(first))
        XCTAssertEqual(notification(first), notification(second))
        XCTAssertTrue(String(decoding: second.body, as: UTF8.self).contains("Working - Contacted"))
        XCTAssertTrue(org.outbox.isIdle)
    }

    func testChangeEventsHaveTheContractsForm() throws {
        var org = org {
            $0.changeEvents = ["Lead"]
            $0.channels.leadCreated = []
        }
        let id = try lead(&org)
        org.administer("POST", "opt-outs", ["ids": [.string(id)]])
        let sent = try org.deliver().map { try JSONValue(parsing: $0.body) }
        XCTAssertEqual(sent.count, 2)
        for (event, fixture) in zip(sent, ["cdc-lead-create.json", "cdc-contact-optout.json"]) {
            let example = try Fixture.json(fixture)
            XCTAssertEqual(Set(event.object?.keys ?? [:].keys), Set(example.object?.keys ?? [:].keys))
            let (header, expected) = (
                event["payload"]?["ChangeEventHeader"]?.object, example["payload"]?["ChangeEventHeader"]?.object
            )
            XCTAssertEqual(Set(header?.keys ?? [:].keys), Set(expected?.keys ?? [:].keys))
            XCTAssertEqual(header?["changedFields"], expected?["changedFields"])
            XCTAssertEqual(header?["commitTimestamp"], 1_795_100_000_000)
        }
        XCTAssertEqual(sent[0]["payload"]?["LastName"], "Åkesson")
        XCTAssertEqual(sent[1]["payload"]?["HasOptedOutOfEmail"], true)
        XCTAssertNil(sent[1]["payload"]?["LastName"], "an update carries changed fields only")
    }

    func testTheCallersNameStandsInTheOriginOfItsChanges() throws {
        var org = org {
            $0.changeEvents = ["Lead"]
            $0.channels.leadCreated = []
        }
        var headers = try login(&org)
        headers["Sforce-Call-Options"] = "client=Leadwright"
        _ = org.call(
            "POST", "/services/data/v67.0/sobjects/Lead", ["LastName": "X", "Company": "Y"], headers: headers)
        let event = try JSONValue(parsing: try XCTUnwrap(org.deliver().first).body)
        XCTAssertEqual(
            event["payload"]?["ChangeEventHeader"]?["changeOrigin"],
            "com/salesforce/api/rest/67.0;client=Leadwright")
    }

    func testAFlowsCalloutHasTheContractsForm() throws {
        var org = org { $0.channels.leadCreated = [] }
        let id = try lead(&org)
        org.administer("POST", "stages", ["changes": [["id": .string(id), "stage": "Working - Contacted"]]])
        let sent = try JSONValue(parsing: try XCTUnwrap(org.deliver().first).body)
        let example = try Fixture.json("flow-http-callout-lead.json")
        XCTAssertEqual(Set(sent.object?.keys ?? [:].keys), Set(example.object?.keys ?? [:].keys))
        XCTAssertEqual(
            Set(sent["record"]?.object?.keys ?? [:].keys), Set(example["record"]?.object?.keys ?? [:].keys))
        XCTAssertEqual(sent["record"]?["PriorStatus"], "Open - Not Contacted")
    }

    func testAWonLeadIsConvertedAndItsOpportunityReported() throws {
        var org = org()
        let id = try lead(&org)
        _ = org.deliver(to: try acknowledged)
        let none: JSONValue = ["opened": 0]
        org.administer("POST", "react", ["seed": 1, "probabilities": none, "without_content": ["won": 1]])
        let message = try XCTUnwrap(org.deliver(to: try acknowledged).first)
        let text = String(decoding: message.body, as: UTF8.self)
        XCTAssertTrue(text.contains("xsi:type=\"sf:Opportunity\""))
        XCTAssertTrue(text.contains("<sf:IsWon>true</sf:IsWon>"))
        let headers = try login(&org)
        let query = "SELECT ConvertedOpportunityId, ConvertedOpportunity.IsWon FROM Lead WHERE Id = '\(id)'"
        let path = "/services/data/v67.0/query?q=\(FormEncoding.percentEncode(query))"
        let row = org.call("GET", path, headers: headers).body["records"]?[0]
        XCTAssertEqual(row?["ConvertedOpportunity"]?["IsWon"], true)
        XCTAssertTrue(text.contains(row?["ConvertedOpportunityId"]?.string ?? "-"))
    }

    func testEngagementCanBeChangeEventsOfRecordsThatLeadToTheLead() throws {
        var org = org {
            $0.channels.leadCreated = []
            $0.channels.engagement = [.changeEvent]
        }
        let id = try lead(&org)
        let body: JSONValue = [
            "seed": 1, "probabilities": [:], "without_content": ["replied": 1, "clicked": 1, "meeting": 1],
        ]
        org.administer("POST", "react", body)
        let sent = try org.deliver().map { try JSONValue(parsing: $0.body)["payload"] ?? .null }
        let headers = sent.compactMap { $0["ChangeEventHeader"] }
        XCTAssertEqual(headers.map { $0["entityName"] }, ["EmailMessage", "EmailMessage", "Event"])
        XCTAssertEqual(headers.map { $0["changeType"] }, ["UPDATE", "CREATE", "CREATE"])
        XCTAssertEqual(sent[1]["Incoming"], true)
        XCTAssertNotNil(sent[1]["ReplyToEmailMessageId"])
        XCTAssertEqual(sent[2]["WhoId"]?.string, id)
        let mail = headers[1]["recordIds"]?[0]?.string ?? ""
        let query = "SELECT RelationId FROM EmailMessageRelation WHERE EmailMessageId = '\(mail)'"
        let path = "/services/data/v67.0/query?q=\(FormEncoding.percentEncode(query))"
        let row = org.call("GET", path, headers: try login(&org)).body["records"]?[0]
        XCTAssertEqual(row?["RelationId"]?.string, id)
    }

    func testSessionsExpire() throws {
        var org = org { $0.sessionSeconds = 100 }
        let headers = try login(&org)
        XCTAssertEqual(
            org.call("GET", "/services/data/v67.0/limits", headers: headers, now: Clock.after(99)).status, 200)
        let late = org.call("GET", "/services/data/v67.0/limits", headers: headers, now: Clock.after(100))
        XCTAssertEqual(late.status, 401)
        XCTAssertEqual(late.body, [["errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"]])
    }

    func testAssertionsAreRefusedWithSalesforcesWords() throws {
        let key = try RSAPrivateKey.generate()
        let publicKey = try key.publicPEM
        var org = org { $0.publicKey = publicKey }
        func refusal(_ change: [String: JSONValue], signedBy signer: RSAPrivateKey? = nil) throws -> String? {
            let claims: [String: JSONValue] = [
                "iss": "sandbox-salesforce-consumer-key", "sub": "integration@leadwright.example",
                "aud": "https://login.salesforce.com",
                "exp": .integer(Int64(Clock.after(180).timeIntervalSince1970)),
            ]
            let token = try JSONWebToken.sign(JSONValue.object(claims.merging(change) { $1 }), with: signer ?? key)
            let form = FormEncoding.encode([
                (name: "grant_type", value: "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                (name: "assertion", value: token),
            ])
            let request = HTTPRequest("POST", "/services/oauth2/token", body: Data(form.utf8))
            return try JSONValue(parsing: org.answer(request, now: Clock.start).response.body)["error_description"]?
                .string
        }
        XCTAssertNil(try refusal([:]))
        XCTAssertEqual(try refusal(["aud": "https://acme.my.salesforce.com"]), "audience is invalid")
        XCTAssertEqual(try refusal(["exp": 1_795_099_999]), "expired authorization code")
        XCTAssertEqual(try refusal(["exp": 1_795_100_180_000]), "expired authorization code", "milliseconds")
        XCTAssertEqual(try refusal(["sub": "x@acme.example"]), "user hasn't approved this consumer")
        XCTAssertEqual(try refusal([:], signedBy: RSAPrivateKey.generate()), "invalid assertion")
    }

    func testALockedRowCostsOneRecordOfACollection() throws {
        var org = org()
        let headers = try login(&org)
        org.administer("POST", "faults", ["locked_rows": 1])
        let record: JSONValue = ["attributes": ["type": "Lead"], "LastName": "X", "Company": "Y"]
        let answer = org.call(
            "POST", "/services/data/v67.0/composite/sobjects", ["records": [record, record]], headers: headers)
        XCTAssertEqual(answer.status, 200)
        XCTAssertEqual(answer.body[0]?["errors"]?[0]?["statusCode"], "UNABLE_TO_LOCK_ROW")
        XCTAssertEqual(answer.body[1]?["success"], true)
    }

    func testARepeatedExternalIdIsAnswered300WithPaths() throws {
        var org = org {
            $0.objects[0].fields[0].unique = false
        }
        let headers = try login(&org)
        let content: JSONValue = ["Leadwright_Key__c": "a", "Subject__c": "x"]
        for _ in 0..<2 {
            let made = org.call(
                "POST", "/services/data/v67.0/sobjects/Leadwright_Content__c", content, headers: headers)
            XCTAssertEqual(made.status, 201)
        }
        let path = "/services/data/v67.0/sobjects/Leadwright_Content__c/Leadwright_Key__c/a"
        let answer = org.call("PATCH", path, ["Subject__c": "y"], headers: headers)
        XCTAssertEqual(answer.status, 300)
        XCTAssertEqual(answer.body.array?.count, 2)
        XCTAssertTrue(
            answer.body[0]?.string?.hasPrefix("/services/data/v67.0/sobjects/Leadwright_Content__c/a0X") ?? false)
    }
}
