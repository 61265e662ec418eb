import Foundation
import JSON
import TestSupport
import XCTest

/// The support commands over the built binary: programs and people read what they print.
final class WebhookCommandTests: XCTestCase {
    private func leadwright(_ arguments: [String], input: [String]) throws -> [JSONValue] {
        let run = try BuiltCommand.run(arguments, input: input.map { "\($0)\n" }.joined())
        XCTAssertEqual(run.status, 0, run.complaints)
        return try run.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    private func fixture(_ path: String) throws -> Data {
        try Data(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../\(path)"))
    }

    private func line(_ body: Data, _ members: [String: JSONValue] = [:]) -> String {
        JSONValue.object(members.merging(["body_base64": .string(body.base64EncodedString())]) { $1 }).canonicalText
    }

    func testVerify() throws {
        let vectors = try XCTUnwrap(
            JSONValue(parsing: fixture("HubSpotTests/Fixtures/signature-vectors.json")).array)
        let vector = try XCTUnwrap(vectors.first { $0["version"] == "v3" })
        func line(secondsLater: Int64) -> String {
            let sent = vector["timestamp_ms"]?.string.flatMap { Int64($0) } ?? 0
            return self.line(
                Data((vector["body"]?.string ?? "").utf8),
                [
                    "client_secret": vector["client_secret"] ?? .null, "method": "POST", "uri": vector["uri"] ?? .null,
                    "now_ms": .integer(sent + secondsLater * 1000),
                    "headers": [
                        "x-hubspot-signature-v3": vector["signature"] ?? .null,
                        "x-hubspot-request-timestamp": vector["timestamp_ms"] ?? .null,
                    ],
                ])
        }
        let answers = try leadwright(
            ["webhook", "verify", "--source", "hubspot"],
            input: [line(secondsLater: 1), line(secondsLater: 301), "nonsense", "{}"])
        XCTAssertEqual(answers.map { $0["valid"] }, [true, false, false, false])
        XCTAssertEqual(answers[1]["reason"], "timestamp is stale: more than 5 minutes old")
        XCTAssertTrue(answers[3]["reason"]?.string?.contains("client_secret") == true)
    }

    func testParse() throws {
        let body = try fixture("HubSpotTests/Fixtures/webhook-stage-change.json")
        let answers = try leadwright(
            ["webhook", "parse", "--source", "hubspot"],
            input: [
                line(body, ["content_type": "application/json"]), #"{"body_base64":"!"}"#, line(Data("[{".utf8)),
                line(Data(count: 1 << 21)),
            ])
        XCTAssertEqual(answers.map { $0["status"] }, [200, 400, 400, 413])
        let event = try XCTUnwrap(answers[0]["events"]?[0])
        XCTAssertEqual(event["kind"], "stage.changed")
        XCTAssertEqual(event["lead_key"], "hubspot:8112233:contact:151")
        XCTAssertEqual(event["occurred_at_ms"], 1_795_100_000_000)
        XCTAssertEqual(event["caused_by_us"], false)
        XCTAssertTrue(answers[2]["error"]?.string?.contains("line 1, column 3") == true)
    }

    func testParseOfTheOtherSystems() throws {
        let message = try fixture("SalesforceTests/Fixtures/outbound-message-three-leads.xml")
        let salesforce = try leadwright(
            ["webhook", "parse", "--source", "salesforce", "--option", "outbound_message=lead.created"],
            input: [line(message)])
        XCTAssertEqual(
            salesforce[0]["events"]?.array?.map { $0["kind"] }, ["lead.created", "lead.created", "lead.created"])
        let form = try fixture("ZapierTests/Fixtures/inbound-webhook-lead.form.txt")
        let zapier = try leadwright(
            ["webhook", "parse", "--source", "zapier", "--connection", "acme"], input: [line(form)])
        XCTAssertEqual(zapier[0]["events"]?[0]?["lead_key"], "zapier:acme:mira+news@fjord.example")
    }
}
