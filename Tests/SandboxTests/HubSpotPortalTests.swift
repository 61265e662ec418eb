import Foundation
import HTTPTypes
import JSON
import Sandbox
import XCTest

/// What the official client does not look at: limits, 207 bodies, dated paths, faults.
final class HubSpotPortalTests: XCTestCase {
    private let token: HTTPHeaders = ["Authorization": "Bearer pat-sandbox-hubspot-token"]

    private func portal(_ change: (inout HubSpotSettings) -> Void = { _ in }) -> HubSpotPortal {
        var settings = HubSpotSettings()
        change(&settings)
        return HubSpotPortal(settings)
    }

    private func contact(_ portal: inout HubSpotPortal, _ email: String, now: Date = Clock.start) -> String {
        let answer = portal.call(
            "POST", "/crm/v3/objects/contacts", ["properties": ["email": .string(email)]], headers: token, now: now)
        return answer.body["id"]?.string ?? ""
    }

    func testTheBurstLimitRollsOverTenSeconds() {
        var portal = portal { $0.burstLimit = 3 }
        for used in 1...3 {
            let answer = portal.call("GET", "/crm/v3/objects/contacts", headers: token, now: Clock.after(Double(used)))
            XCTAssertEqual(answer.status, 200)
            XCTAssertEqual(answer.headers["X-HubSpot-RateLimit-Remaining"], String(3 - used))
        }
        let refused = portal.call("GET", "/crm/v3/objects/contacts", headers: token, now: Clock.after(10))
        XCTAssertEqual(refused.status, 429)
        XCTAssertEqual(refused.body["policyName"], "TEN_SECONDLY_ROLLING")
        XCTAssertEqual(refused.body["errorType"], "RATE_LIMIT")
        XCTAssertEqual(refused.headers["X-HubSpot-RateLimit-Interval-Milliseconds"], "10000")
        XCTAssertEqual(
            portal.call("GET", "/crm/v3/objects/contacts", headers: token, now: Clock.after(11.1)).status, 200)
    }

    func testTheDailyLimitHoldsUntilTheNextDay() {
        var portal = portal { $0.dailyLimit = 1 }
        XCTAssertEqual(portal.call("GET", "/crm/v3/objects/contacts", headers: token).status, 200)
        let refused = portal.call("GET", "/crm/v3/objects/contacts", headers: token, now: Clock.after(60))
        XCTAssertEqual(refused.body["policyName"], "DAILY")
        XCTAssertEqual(refused.body["message"], "You have reached your daily limit.")
        XCTAssertEqual(
            portal.call("GET", "/crm/v3/objects/contacts", headers: token, now: Clock.after(86_400)).status, 200)
    }

    func testSearchesHaveALimitOfTheirOwnAndNoHeaders() {
        var portal = portal { $0.searchLimit = 1 }
        let path = "/crm/v3/objects/contacts/search"
        let found = portal.call("POST", path, [:], headers: token)
        XCTAssertEqual(found.status, 200)
        XCTAssertNil(found.headers["X-HubSpot-RateLimit-Max"])
        let refused = portal.call("POST", path, [:], headers: token)
        XCTAssertEqual(refused.status, 429)
        XCTAssertEqual(refused.body["message"], "You have reached your secondly limit.")
        XCTAssertEqual(portal.call("POST", path, [:], headers: token, now: Clock.after(1.01)).status, 200)
    }

    func testOneBadElementFailsABatchAndNothingIsWritten() {
        var portal = portal()
        let body: JSONValue = [
            "inputs": [["properties": ["email": "a@b.example"]], ["properties": ["nope": "1"]]]
        ]
        let refused = portal.call("POST", "/crm/v3/objects/contacts/batch/create", body, headers: token)
        XCTAssertEqual(refused.status, 400)
        XCTAssertEqual(refused.body["category"], "VALIDATION_ERROR")
        let all = portal.call("GET", "/crm/v3/objects/contacts", headers: token)
        XCTAssertEqual(all.body["results"], [])
    }

    func testTracedElementsFailAlone() {
        var portal = portal()
        let body: JSONValue = [
            "inputs": [
                ["properties": ["email": "a@b.example"], "objectWriteTraceId": "one"],
                ["properties": ["nope": "1"], "objectWriteTraceId": "two"],
            ]
        ]
        let answer = portal.call("POST", "/crm/v3/objects/contacts/batch/create", body, headers: token)
        XCTAssertEqual(answer.status, 207)
        XCTAssertEqual(answer.body["numErrors"], 1)
        XCTAssertEqual(answer.body["results"]?.array?.count, 1)
        XCTAssertEqual(answer.body["errors"]?[0]?["context"]?["objectWriteTraceId"], ["two"])
    }

    func testARecordThatAnotherWriterHoldsFailsAlone() {
        var portal = portal()
        let ids =
            portal.administer("POST", "leads", ["leads": [["first_name": "Mira"], ["first_name": "Jonas"]]])
            .body["leads"]?.array?.compactMap { $0["id"] } ?? []
        portal.administer("POST", "faults", ["locked_rows": 1])
        let inputs = ids.map { id -> JSONValue in
            ["id": id, "objectWriteTraceId": id, "properties": ["company": "Fjord & Fell"]]
        }
        let answer = portal.call(
            "POST", "/crm/v3/objects/contacts/batch/update", ["inputs": .array(inputs)], headers: token)
        XCTAssertEqual(answer.status, 207)
        XCTAssertEqual(answer.body["errors"]?[0]?["category"], "CONFLICT")
        XCTAssertEqual(answer.body["results"]?.array?.compactMap { $0["id"] }, [ids[1]])
    }

    func testWritesAreListedInOrderAlsoThoseThatChangeNothing() {
        var portal = portal()
        let id = contact(&portal, "mira@fjord.example")
        let known = portal.administer("GET", "writes").body["writes"]?.array?.count ?? 0
        for company in ["Fjord", "Fell", "Fell"] {
            _ = portal.call(
                "PATCH", "/crm/v3/objects/contacts/\(id)", ["properties": ["company": .string(company)]], headers: token
            )
        }
        let writes = (portal.administer("GET", "writes").body["writes"]?.array ?? []).dropFirst(known)
        XCTAssertEqual(writes.compactMap { $0["properties"]?["company"] }, ["Fjord", "Fell", "Fell"])
        XCTAssertEqual(Set(writes.compactMap { $0["id"] }), [.string(id)])
    }

    func testAnUnknownRecordInAnUpdateDoesNotCostItsNeighbours() {
        var portal = portal()
        let id = contact(&portal, "a@b.example")
        let body: JSONValue = [
            "inputs": [
                ["id": .string(id), "properties": ["firstname": "A"]], ["id": "999", "properties": ["firstname": "B"]],
            ]
        ]
        let answer = portal.call("POST", "/crm/v3/objects/contacts/batch/update", body, headers: token)
        XCTAssertEqual(answer.status, 207)
        XCTAssertEqual(answer.body["errors"]?[0]?["category"], "OBJECT_NOT_FOUND")
        XCTAssertEqual(answer.body["errors"]?[0]?["context"]?["ids"], ["999"])
    }

    func testDatedPathsMeanTheSame() {
        var portal = portal()
        let id = contact(&portal, "a@b.example")
        let answer = portal.call("GET", "/crm/objects/2026-09/contacts/\(id)", headers: token)
        XCTAssertEqual(answer.body["id"]?.string, id)
    }

    func testDatetimesAreISOInAnswers() {
        var portal = portal()
        let id = contact(&portal, "a@b.example")
        XCTAssertEqual(
            portal.call("GET", "/crm/v3/objects/contacts/\(id)", headers: token).body["properties"]?["createdate"],
            "2026-11-19T14:53:20.000Z")
    }

    func testAMergedRecordIsFoundUnderItsOldId() {
        var portal = portal()
        let (kept, gone) = (contact(&portal, "a@b.example"), contact(&portal, "c@d.example"))
        let body: JSONValue = ["primaryObjectId": .string(kept), "objectIdToMerge": .string(gone)]
        XCTAssertEqual(portal.call("POST", "/crm/v3/objects/contacts/merge", body, headers: token).status, 200)
        let read = portal.call(
            "GET", "/crm/v3/objects/contacts/\(gone)?properties=hs_merged_object_ids", headers: token)
        XCTAssertEqual(read.body["id"]?.string, kept)
        XCTAssertEqual(read.body["properties"]?["hs_merged_object_ids"]?.string, gone)
    }

    func testOAuthTokensExpire() {
        var portal = portal()
        let form =
            "grant_type=refresh_token&client_id=sandbox-hubspot-client-id"
            + "&client_secret=sandbox-hubspot-client-secret&refresh_token=sandbox-hubspot-refresh-token"
        let request = HTTPRequest("POST", "/oauth/v3/token", body: Data(form.utf8))
        let body = try? JSONValue(parsing: portal.answer(request, now: Clock.start).response.body)
        let header: HTTPHeaders = ["Authorization": "Bearer \(body?["access_token"]?.string ?? "")"]
        XCTAssertEqual(
            portal.call("GET", "/crm/v3/objects/contacts", headers: header, now: Clock.after(1799)).status, 200)
        let late = portal.call("GET", "/crm/v3/objects/contacts", headers: header, now: Clock.after(1805))
        XCTAssertEqual(late.status, 401)
        XCTAssertEqual(late.body["category"], "EXPIRED_AUTHENTICATION")
        XCTAssertTrue(late.body["message"]?.string?.contains("expired 5 second(s) ago") ?? false)
    }

    func testALostAnswerTookEffect() {
        var portal = portal()
        portal.administer("POST", "faults", ["lose_answers": 1, "lost_answer_milliseconds": 5])
        let body: JSONValue = ["properties": ["email": "a@b.example"]]
        let request = HTTPRequest(
            "POST", "/crm/v3/objects/contacts", headers: token, body: body.canonicalData)
        XCTAssertEqual(portal.answer(request, now: Clock.start).lostAfter, .milliseconds(5))
        XCTAssertEqual(portal.call("GET", "/crm/v3/objects/contacts", headers: token).body["results"]?.array?.count, 1)
        XCTAssertEqual(portal.statistics.lostAnswers, 1)
    }

    func testServerErrorsDoNotTakeEffect() {
        var portal = portal()
        portal.administer("POST", "faults", ["server_errors": 1])
        XCTAssertEqual(contact(&portal, "a@b.example"), "")
        XCTAssertEqual(contact(&portal, "a@b.example"), "151")
    }
}
