import Foundation
import HTTPTypes
import JSON
import Sandbox
import XCTest

final class ZapierAccountTests: XCTestCase {
    private func account(_ change: (inout ZapierSettings) -> Void = { _ in }) -> ZapierAccount {
        var settings = ZapierSettings()
        settings.gatewayURL = "https://gateway.example.com"
        settings.targetURL = "https://gateway.example.com/webhooks/acme"
        change(&settings)
        var account = ZapierAccount(settings)
        account.address = "https://hooks.zapier.example"
        return account
    }

    private func switchOn(_ account: inout ZapierAccount) throws -> (id: String, request: HTTPRequest, path: String) {
        let made = account.administer(
            "POST", "zaps", ["event": "lead.content_ready", "filters": ["stage": "marketingqualifiedlead"]])
        let answer = HTTPResponse(status: 201, body: try Fixture.data("hook-subscribe-response.json"))
        let request = try XCTUnwrap(account.deliver(to: answer).first)
        let hook = HTTPRequest("POST", try XCTUnwrap(made.body["hook_url"]?.string))
        return (try XCTUnwrap(made.body["id"]?.string), request, hook.path)
    }

    func testAZapSubscribesAsInTheContract() throws {
        var account = account()
        let zap = try switchOn(&account)
        XCTAssertEqual(zap.request.target, "https://gateway.example.com/zapier/hooks")
        XCTAssertEqual(zap.request.headers["X-API-Key"], "sandbox-zapier-api-key")
        let body = try JSONValue(parsing: zap.request.body)
        XCTAssertEqual(
            Set(body.object?.keys ?? [:].keys), Set(try Fixture.json("hook-subscribe.json").object?.keys ?? [:].keys))
        let shown = account.administer("GET", "zaps").body["zaps"]?[0]
        XCTAssertEqual(shown?["state"], "on")
        XCTAssertEqual(shown?["subscription_id"], "sub_0001")
    }

    func testAHookPostIsKeptAndARepeatedOneCounted() throws {
        var account = account()
        account.administer("POST", "leads", ["leads": [["email": "mira@fjord.example"]]])
        let zap = try switchOn(&account)
        let post = try Fixture.json("hook-delivery.json")
        for _ in 0..<2 {
            let answer = account.call("POST", zap.path, post)
            XCTAssertEqual(answer.status, 200)
            XCTAssertEqual(Set(answer.body.object?.keys ?? [:].keys), ["status", "id", "request_id", "attempt"])
        }
        let shown = account.administer("GET", "zaps").body["zaps"]?[0]
        XCTAssertEqual(shown?["received"], 2)
        XCTAssertEqual(shown?["repeated"], 1)
        let content = account.administer("GET", "content").body["leads"]?[0]
        XCTAssertEqual(content?["content"], post["content"])
    }

    func testASwitchedOffZapUnsubscribesAndItsAddressIsGone() throws {
        var account = account()
        let zap = try switchOn(&account)
        XCTAssertEqual(account.administer("POST", "zaps/\(zap.id)/off").status, 204)
        let request = try XCTUnwrap(account.deliver(to: HTTPResponse(status: 404)).first)
        XCTAssertEqual(request.method, "DELETE")
        XCTAssertEqual(request.target, "https://gateway.example.com/zapier/hooks/sub_0001")
        XCTAssertEqual(account.call("POST", zap.path, [:]).status, 410)
        XCTAssertTrue(account.outbox.isIdle, "404 says that it was gone already")
    }

    func testAnAddressTakesThirtyPostsASecond() throws {
        var account = account()
        let zap = try switchOn(&account)
        let statuses = (0..<31).map { account.call("POST", zap.path, ["id": .integer(Int64($0))]).status }
        XCTAssertEqual(statuses.filter { $0 == 200 }.count, 30)
        XCTAssertEqual(statuses.last, 429)
        XCTAssertEqual(account.call("POST", zap.path, ["id": "31"], now: Clock.after(1.1)).status, 200)
    }

    func testALeadIsPostedAsInTheContract() throws {
        for encoding in [ZapierSettings.Encoding.json, .form] {
            var account = account { $0.encoding = encoding }
            let lead: JSONValue = [
                "email": "mira@fjord.example", "first_name": "Mira", "last_name": "Åkesson", "consent": true,
                "fields": ["source": "Typeform"],
            ]
            account.administer("POST", "leads", ["leads": [lead]])
            let request = try XCTUnwrap(account.deliver().first)
            XCTAssertEqual(request.headers["X-API-Key"], "sandbox-zapier-api-key")
            let example = try Fixture.json("inbound-webhook-lead.json").object ?? [:]
            switch encoding {
            case .json:
                let body = try JSONValue(parsing: request.body).object ?? [:]
                XCTAssertEqual(Set(body.keys), Set(example.keys))
                XCTAssertEqual(body["opted_out"], "False")
            case .form:
                XCTAssertEqual(request.headers["Content-Type"], "application/x-www-form-urlencoded")
                let pairs = FormEncoding.decode(String(decoding: request.body, as: UTF8.self))
                XCTAssertEqual(Set(pairs.map(\.name)), Set(example.keys))
                XCTAssertTrue(pairs.contains { $0.name == "last_name" && $0.value == "Åkesson" })
            }
        }
    }

    func testReactionsAreEventPosts() throws {
        var account = account()
        account.administer("POST", "leads", ["leads": [["email": "mira@fjord.example"]]])
        _ = account.deliver()
        account.administer(
            "POST", "react",
            ["seed": 3, "probabilities": [:], "without_content": ["clicked": 1, "won": 1, "opted_out": 1]])
        let events = try account.deliver().map { try JSONValue(parsing: $0.body)["event"]?.string ?? "" }
        XCTAssertEqual(events, ["email.opened", "email.clicked", "deal.won", "contact.unsubscribed"])
    }
}
