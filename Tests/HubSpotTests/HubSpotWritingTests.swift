import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import Synchronization
import XCTest

final class HubSpotWritingTests: XCTestCase {
    private static let path = "/crm/v3/objects/contacts/batch/update"

    /// Answers a batch the way HubSpot does when all goes well.
    private static func accept(_ request: HTTPRequest) -> HTTPResponse {
        .json(200, ["status": "COMPLETE", "results": .array(inputs(request))])
    }

    private static func inputs(_ request: HTTPRequest) -> [JSONValue] {
        (try? JSONValue(parsing: request.body))?["inputs"]?.array ?? []
    }

    private static func problem(_ category: String, code: String? = nil, property: String? = nil) -> JSONValue {
        var error: [String: JSONValue] = ["status": "error", "category": .string(category), "correlationId": "c-1"]
        if let code, let property {
            error["errors"] = [["code": .string(code), "context": ["propertyName": [.string(property)]]]]
        }
        return .object(error)
    }

    func testBatchesAreFilledAcrossLeads() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in Self.accept(request) }
        let outcomes = try await portal.connector.write(ScriptedPortal.intents(0..<250))
        XCTAssertEqual(outcomes.map(\.summary), Array(repeating: "written", count: 250))
        XCTAssertEqual(try portal.server.bodies(of: Self.path).map { $0["inputs"]?.array?.count }, [100, 100, 50])
        XCTAssertEqual(portal.server.requests[0].headers["Authorization"], "Bearer pat-1")
        guard case .written(let location, _) = outcomes[151] else { return XCTFail("must be written") }
        XCTAssertEqual(location, "contact 151: leadwright_body, leadwright_subject")
    }

    func testFingerprintIsWrittenWithTheText() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in Self.accept(request) }
        let intent = ScriptedPortal.intent(151)
        _ = try await portal.connector.write([intent])
        let input = try XCTUnwrap(portal.server.bodies(of: Self.path)[0]["inputs"]?[0])
        XCTAssertEqual(input["id"], "151")
        XCTAssertEqual(
            input["properties"],
            [
                "leadwright_subject": "A quieter rollout", "leadwright_body": "Mira, …",
                "leadwright_id": .string(intent.id), "leadwright_fingerprint": .string(intent.fingerprint),
                "leadwright_generated_at": "2026-11-19T14:53:20.000Z",
            ])
    }

    /// A contact may stand in a batch once; its second text goes into the next call.
    func testTwoTextsForOneContact() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in Self.accept(request) }
        let outcomes = try await portal.connector.write([
            ScriptedPortal.intent(151), ScriptedPortal.intent(151, target: "leadwright_onboarding"),
            ScriptedPortal.intent(152),
        ])
        XCTAssertEqual(outcomes.map(\.summary), ["written", "written", "written"])
        let ids = try portal.server.bodies(of: Self.path).map { $0["inputs"]?.array?.compactMap { $0["id"]?.string } }
        XCTAssertEqual(ids, [["151", "152"], ["151"]])
    }

    /// 207: each failure belongs to its own intent, and a record that the answer forgets is unknown.
    func testPartialFailure() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in
            let inputs = Self.inputs(request)
            var invalid =
                Self.problem("VALIDATION_ERROR", code: "INVALID_OPTION", property: "leadwright_body")
                .object ?? [:]
            invalid["context"] = ["objectWriteTraceId": [inputs[1]["objectWriteTraceId"] ?? .null]]
            let missing: JSONValue = ["category": "OBJECT_NOT_FOUND", "context": ["ids": ["2"]]]
            return .json(
                207,
                [
                    "status": "COMPLETE", "results": [["id": "0"]], "numErrors": 2,
                    "errors": [.object(invalid), missing],
                ])
        }
        let outcomes = try await portal.connector.write(ScriptedPortal.intents(0..<4))
        XCTAssertEqual(outcomes.map(\.summary), ["written", "rejected", "not_found", "unknown_result"])
        guard case .failed(let error) = outcomes[1] else { return XCTFail("must fail") }
        XCTAssertEqual(error.field, "leadwright_body")
    }

    /// One bad contact among 100 in a portal that refuses whole batches costs a few calls and nobody else's text.
    func testARefusedBatchIsHalved() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in
            Self.inputs(request).contains { $0["id"] == "63" }
                ? .json(400, Self.problem("VALIDATION_ERROR", code: "INVALID_EMAIL", property: "email"))
                : Self.accept(request)
        }
        let outcomes = try await portal.connector.write(ScriptedPortal.intents(0..<100))
        XCTAssertEqual(outcomes.enumerated().filter { $0.element.summary != "written" }.map(\.offset), [63])
        XCTAssertEqual(outcomes[63].summary, "rejected")
        XCTAssertLessThanOrEqual(portal.server.requests.count, 1 + 2 * 7)
    }

    /// A missing property fails all who write it after one call, and the rest go on.
    func testAMissingPropertyNeedsNoHalving() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in
            Self.inputs(request).contains { $0["properties"]?["other_body"] != nil }
                ? .json(400, Self.problem("VALIDATION_ERROR", code: "PROPERTY_DOESNT_EXIST", property: "other_body"))
                : Self.accept(request)
        }
        let outcomes = try await portal.connector.write(
            (0..<90).map { ScriptedPortal.intent($0, target: $0.isMultiple(of: 3) ? "other" : "leadwright") })
        XCTAssertEqual(outcomes.map(\.summary), (0..<90).map { $0.isMultiple(of: 3) ? "rejected" : "written" })
        XCTAssertEqual(portal.server.requests.count, 2)
        guard case .failed(let error) = outcomes[0] else { return XCTFail("must fail") }
        XCTAssertEqual(error.field, "other_body")
        XCTAssertTrue(error.message.contains("leadwright connect"))
    }

    func testALimitEndsTheWritingAndIsPostponed() async throws {
        let daily = try Fixture.data("error-429-daily.json")
        let portal = try await ScriptedPortal.start(self) { request, number in
            number == 0 ? Self.accept(request) : HTTPResponse(status: 429, body: daily)
        }
        let outcomes = try await portal.connector.write(ScriptedPortal.intents(0..<300))
        XCTAssertEqual(
            outcomes.map(\.summary),
            Array(repeating: "written", count: 100) + Array(repeating: "rate_limited", count: 200))
        XCTAssertEqual(portal.server.requests.count, 2)
        guard case .failed(let error) = outcomes[299] else { return XCTFail("must fail") }
        XCTAssertEqual(error.remedy, .postpone(.seconds(3600)))
        XCTAssertEqual(error.correlationID, "0d9f7c11-2b3a-4c5d-8e6f-112233445566")
    }

    /// The answer never comes: the batch may have been written and must be read back. What was not sent may be tried
    /// again.
    func testALostAnswerIsUnknown() async throws {
        let portal = try await ScriptedPortal.start(self, timeout: .milliseconds(300)) { _, _ in nil }
        let outcomes = try await portal.connector.write(ScriptedPortal.intents(0..<150))
        XCTAssertEqual(
            outcomes.map(\.summary),
            Array(repeating: "unknown_result", count: 100) + Array(repeating: "unavailable", count: 50))
        XCTAssertEqual(portal.server.requests.count, 1)
    }

    func testAGarbledAnswerIsUnknown() async throws {
        let portal = try await ScriptedPortal.start(self) { _, _ in
            HTTPResponse(status: 200, contentType: "text/html", text: "<html>")
        }
        let outcomes = try await portal.connector.write([ScriptedPortal.intent(1)])
        XCTAssertEqual(outcomes.map(\.summary), ["unknown_result"])
    }

    func testAnUnreachableServerIsNoUnknownResult() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in Self.accept(request) }
        await portal.server.stop()
        let outcomes = try await portal.connector.write([ScriptedPortal.intent(1)])
        XCTAssertEqual(outcomes.map(\.summary), ["unavailable"])
    }

    func testATextThatIsTooLongIsNotSent() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in Self.accept(request) }
        let outcomes = try await portal.connector.write([
            ScriptedPortal.intent(1, body: String(repeating: "å", count: 65_537)), ScriptedPortal.intent(2),
        ])
        XCTAssertEqual(outcomes.map(\.summary), ["rejected", "written"])
        XCTAssertEqual(try portal.server.bodies(of: Self.path).map { $0["inputs"]?.array?.count }, [1])
    }

    // MARK: Reading back

    private func readBack(_ intent: WriteIntent, _ properties: [String: String]?) async throws -> ReadBack {
        let portal = try await ScriptedPortal.start(self) { _, _ in
            let results = properties.map {
                [JSONValue.object(["id": "151", "properties": .object($0.mapValues(JSONValue.string))])]
            }
            return .json(200, ["results": .array(results ?? [])])
        }
        let found = try await portal.connector.readBack([intent])
        return try XCTUnwrap(found.first)
    }

    func testReadingBack() async throws {
        let intent = ScriptedPortal.intent(151, body: "Mira,\nhello")
        let written = [
            "leadwright_id": intent.id, "leadwright_fingerprint": intent.fingerprint,
            "leadwright_subject": "A quieter rollout", "leadwright_body": "Mira,\nhello",
            "leadwright_generated_at": "2026-11-19T14:53:20Z",
        ]
        let location = "contact 151: leadwright_body, leadwright_subject"
        var found = try await readBack(intent, written)
        XCTAssertEqual(found, .present(location: location))
        found = try await readBack(intent, written.merging(["leadwright_body": "Mira,\r\nhello\n"]) { $1 })
        XCTAssertEqual(found, .present(location: location), "HubSpot's own line ends are no change")
        found = try await readBack(intent, written.merging(["leadwright_body": "Mira, edited"]) { $1 })
        XCTAssertEqual(found, .different(location: location))
        found = try await readBack(intent, nil)
        XCTAssertEqual(found, .absent)
        found = try await readBack(intent, [:])
        XCTAssertEqual(found, .absent)
        let older = ["leadwright_id": "other", "leadwright_generated_at": "2026-11-18T00:00:00Z"]
        found = try await readBack(intent, written.merging(older) { $1 })
        XCTAssertEqual(found, .absent, "an older text means that ours is still to come")
        let newer = ["leadwright_id": "other", "leadwright_generated_at": "2026-11-20T00:00:00Z"]
        found = try await readBack(intent, written.merging(newer) { $1 })
        XCTAssertEqual(found, .different(location: location))
    }
}
