import Foundation
import Gateway
import HTTPTypes
import JSON
import TestSupport
import XCTest

final class ZapierHooksTests: XCTestCase {
    private func request(_ method: String, _ path: String, _ body: String = "") -> HTTPRequest {
        HTTPRequest(
            method, "/zapier/\(path)", headers: ["X-API-Key": GatewayFixture.apiKey], body: Data(body.utf8))
    }

    func testSubscribingTwiceIsOneSubscriptionAndEndingItTwiceIsNoError() async throws {
        let fixture = try await GatewayFixture()
        let body = #"{"hookUrl":"https://hooks.zapier.com/hooks/standard/1/a/","event":"lead.content_ready"}"#
        let first = await fixture.gateway.respond(to: request("POST", "hooks", body))
        let second = await fixture.gateway.respond(to: request("POST", "hooks", body))
        XCTAssertEqual([first.status, second.status], [201, 201])
        let id = try XCTUnwrap(JSONValue(parsing: first.body)["id"]?.string)
        XCTAssertEqual(try JSONValue(parsing: second.body)["id"]?.string, id)
        let ended = await fixture.gateway.respond(to: request("DELETE", "hooks/\(id)"))
        let again = await fixture.gateway.respond(to: request("DELETE", "hooks/\(id)"))
        XCTAssertEqual([ended.status, again.status], [204, 404])
        await fixture.database.drop()
    }

    func testTheKeyDecides() async throws {
        let fixture = try await GatewayFixture()
        let me = await fixture.gateway.respond(to: request("GET", "me"))
        XCTAssertEqual(try JSONValue(parsing: me.body)["account_name"]?.string, "acme-zapier")
        let stranger = await fixture.gateway.respond(
            to: HTTPRequest("GET", "/zapier/me", headers: ["X-API-Key": "guessed"]))
        XCTAssertEqual(stranger.status, 401)
        let empty = await fixture.gateway.respond(to: HTTPRequest("GET", "/zapier/me"))
        XCTAssertEqual(empty.status, 401)
        await fixture.database.drop()
    }

    func testASubscriptionWithoutAnAddressSaysWhatIsMissing() async throws {
        let fixture = try await GatewayFixture()
        let response = await fixture.gateway.respond(to: request("POST", "hooks", #"{"event":"x"}"#))
        XCTAssertEqual(response.status, 400)
        XCTAssertTrue(String(decoding: response.body, as: UTF8.self).contains("hookUrl"))
        await fixture.database.drop()
    }
}
