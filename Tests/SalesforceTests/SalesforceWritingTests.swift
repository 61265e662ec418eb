import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import JSON
import Salesforce
import XCTest

final class SalesforceWritingTests: XCTestCase {
    private static let path = "\(ScriptedOrg.data)/composite/sobjects/Leadwright_Content__c/Leadwright_Key__c"

    private static func records(_ request: HTTPRequest) -> [JSONValue] {
        (try? JSONValue(parsing: request.body))?["records"]?.array ?? []
    }

    private static func accept(_ request: HTTPRequest) -> HTTPResponse {
        .json(
            200,
            .array(
                records(request).map { record in
                    ["id": .string("a0X\(record["Leadwright_Key__c"]?.string ?? "")"), "success": true, "errors": []]
                }))
    }

    func testRecord() async throws {
        let org = try await ScriptedOrg.start(self) { Self.accept($0) }
        let outcomes = try await org.connector.write([
            ScriptedOrg.intent(1), ScriptedOrg.intent(2, type: "Contact"),
        ])
        guard case .written(let location, let receipt) = outcomes[0] else { return XCTFail("must be written") }
        XCTAssertEqual(location, "Leadwright_Content__c a0Xgeneration-1")
        XCTAssertEqual(receipt, "a0Xgeneration-1")
        let call = try XCTUnwrap(org.calls.first)
        XCTAssertEqual(call.method, "PATCH")
        XCTAssertEqual(call.path, Self.path)
        let body = try JSONValue(parsing: call.body)
        XCTAssertEqual(body["allOrNone"], false)
        let record = try XCTUnwrap(body["records"]?.array?.first { $0["Lead__c"] != nil })
        XCTAssertEqual(
            record,
            [
                "attributes": ["type": "Leadwright_Content__c"], "Leadwright_Key__c": "generation-1",
                "Lead__c": .string(ScriptedOrg.lead(1).objectID), "Kind__c": "nurture_email",
                "Stage__c": "marketingqualifiedlead", "Subject__c": "A quieter rollout", "Body__c": "Mira, …",
                "Content__c": #"{"body":"Mira, …","subject":"A quieter rollout"}"#,
                "Generated_At__c": "2026-11-19T14:53:20.000Z",
            ])
        XCTAssertTrue(body["records"]?.array?.contains { $0["Contact__c"] != nil && $0["Lead__c"] == nil } == true)
    }

    func testBatchesAreFilled() async throws {
        let org = try await ScriptedOrg.start(self) { Self.accept($0) }
        let outcomes = try await org.connector.write((0..<450).map { ScriptedOrg.intent($0) })
        XCTAssertEqual(outcomes.map(\.summary), Array(repeating: "written", count: 450))
        XCTAssertEqual(try org.server.bodies(of: Self.path).map { $0["records"]?.array?.count }, [200, 200, 50])
    }

    /// HTTP says 200, and each record has a result of its own.
    func testResultsBelongToTheirRecords() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            .json(
                200,
                .array(
                    Self.records(request).map { record in
                        switch record["Leadwright_Key__c"]?.string {
                        case "generation-1":
                            [
                                "success": false,
                                "errors": [["statusCode": "STRING_TOO_LONG", "fields": ["Subject__c"]]],
                            ]
                        case "generation-2": ["success": false, "errors": [["statusCode": "UNABLE_TO_LOCK_ROW"]]]
                        case "generation-3": ["success": true]
                        default: ["id": "a0X", "success": true]
                        }
                    }))
        }
        // In reverse order, because the connector sorts them by lead.
        let outcomes = try await org.connector.write((0..<4).reversed().map { ScriptedOrg.intent($0) })
        XCTAssertEqual(outcomes.map(\.summary), ["unknown_result", "conflict", "rejected", "written"])
        guard case .failed(let error) = outcomes[2] else { return XCTFail("must fail") }
        XCTAssertEqual(error.field, "Subject__c")
    }

    func testARefusedBatchIsHalved() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            Self.records(request).contains { $0["Leadwright_Key__c"] == "generation-63" }
                ? ScriptedOrg.problem(400, "MALFORMED_ID") : Self.accept(request)
        }
        let outcomes = try await org.connector.write((0..<200).map { ScriptedOrg.intent($0) })
        XCTAssertEqual(outcomes.enumerated().filter { $0.element.summary != "written" }.map(\.offset), [63])
        XCTAssertLessThanOrEqual(org.calls.count, 1 + 2 * 8)
    }

    func testAMissingObjectFailsItsIntentsAlone() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            request.path.contains("Other__c") ? ScriptedOrg.problem(404, "NOT_FOUND") : Self.accept(request)
        }
        let outcomes = try await org.connector.write(
            (0..<100).map { ScriptedOrg.intent($0, object: $0 < 50 ? "Other__c" : "Leadwright_Content__c") })
        XCTAssertEqual(
            outcomes.map(\.summary),
            Array(repeating: "not_found", count: 50) + Array(repeating: "written", count: 50))
        XCTAssertEqual(org.calls.count, 2)
    }

    func testALimitEndsTheWriting() async throws {
        let org = try await ScriptedOrg.start(self) { _ in ScriptedOrg.problem(403, "REQUEST_LIMIT_EXCEEDED") }
        let outcomes = try await org.connector.write((0..<300).map { ScriptedOrg.intent($0) })
        XCTAssertEqual(Set(outcomes.map(\.summary)), ["rate_limited"])
        XCTAssertEqual(org.calls.count, 1)
    }

    func testALostAnswerIsUnknown() async throws {
        let org = try await ScriptedOrg.start(self, timeout: .milliseconds(300)) { _ in nil }
        let outcomes = try await org.connector.write((0..<250).map { ScriptedOrg.intent($0) })
        XCTAssertEqual(
            outcomes.map(\.summary),
            Array(repeating: "unknown_result", count: 200) + Array(repeating: "unavailable", count: 50))
    }

    func testAnAnswerThatSaysNothingIsUnknown() async throws {
        for body in ["[]", "{}", "<html>"] {
            let org = try await ScriptedOrg.start(self) { _ in HTTPResponse(status: 200, body: Data(body.utf8)) }
            let outcomes = try await org.connector.write([ScriptedOrg.intent(1)])
            XCTAssertEqual(outcomes.map(\.summary), ["unknown_result"], body)
        }
    }

    // MARK: Reading back

    func testReadingBack() async throws {
        let content = #"{"body":"Mira, …","subject":"A quieter rollout"}"#
        func row(_ number: Int, body: String) -> JSONValue {
            [
                "Id": "a0X", "Leadwright_Key__c": .string("generation-\(number)"), "Subject__c": "A quieter rollout",
                "Body__c": .string(body), "Content__c": .string(content),
            ]
        }
        let rows = [row(1, body: "Mira, …\r\n"), row(2, body: "edited")]
        let org = try await ScriptedOrg.start(self) { _ in ScriptedOrg.rows(rows) }
        let found = try await org.connector.readBack([
            ScriptedOrg.intent(2), ScriptedOrg.intent(3), ScriptedOrg.intent(1),
        ])
        XCTAssertEqual(
            found,
            [
                .different(location: "Leadwright_Content__c a0X"), .absent,
                .present(location: "Leadwright_Content__c a0X"),
            ])
        let soql = try XCTUnwrap(org.calls.first.flatMap(ScriptedOrg.soql))
        XCTAssertTrue(soql.hasSuffix("IN ('generation-2','generation-3','generation-1')"), soql)
    }

    func testKeysAreEscaped() async throws {
        let org = try await ScriptedOrg.start(self) { _ in ScriptedOrg.rows([]) }
        var intent = ScriptedOrg.intent(1)
        intent.id = #"it's \ here"#
        _ = try await org.connector.readBack([intent])
        XCTAssertTrue(org.calls.first.flatMap(ScriptedOrg.soql)?.hasSuffix(#"IN ('it\'s \\ here')"#) == true)
    }

    // MARK: Setting up

    /// What is written and looked for is what Connectors/salesforce deploys and grants.
    func testPublishedFieldsAreTheWrittenOnes() async throws {
        let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Connectors/salesforce/force-app/main/default")
        let folder = project.appendingPathComponent("objects/Leadwright_Content__c/fields")
        let published = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .map { String($0.prefix { $0 != "." }) }
        let org = try await ScriptedOrg.start(self) { request in
            guard request.method == "GET" else { return Self.accept(request) }
            return .json(
                200, ["fields": .array(published.map { ["name": .string($0), "externalId": true, "unique": true] })])
        }
        _ = try await org.connector.write([ScriptedOrg.intent(1), ScriptedOrg.intent(2, type: "Contact")])
        let records = try XCTUnwrap(org.calls.first.map(Self.records))
        XCTAssertEqual(Set(records.flatMap { $0.object?.keys.map { $0 } ?? [] }), Set(published + ["attributes"]))
        let steps = try await org.connector.connect().filter { $0.subject.contains("Leadwright_Content__c") }
        XCTAssertEqual(Set(steps.map(\.state)), [.present])
        let permissions = try String(
            contentsOf: project.appendingPathComponent("permissionsets/Leadwright.permissionset-meta.xml"),
            encoding: .utf8)
        for field in published { XCTAssertTrue(permissions.contains("<field>Leadwright_Content__c.\(field)</field>")) }
    }

    func testConnectSaysWhatToDeploy() async throws {
        let names = [
            "Leadwright_Key__c", "Lead__c", "Contact__c", "Kind__c", "Stage__c", "Subject__c", "Body__c", "Content__c",
            "Generated_At__c",
        ]
        let fields = names.map { name -> JSONValue in
            ["name": .string(name), "externalId": .bool(name == names[0]), "unique": .bool(name == names[0])]
        }
        let complete = try await ScriptedOrg.start(self) { request in
            request.path.contains("Leadwright_Content__c")
                ? .json(200, ["fields": .array(fields)]) : .json(200, ["fields": [["name": "HasOptedOutOfEmail"]]])
        }
        let steps = try await complete.connector.connect()
        XCTAssertEqual(Set(steps.map(\.state)), [.present], "\(steps)")
        XCTAssertEqual(steps.count, 1 + names.count + 2)

        let partial = try await ScriptedOrg.start(self) { request in
            request.path.contains("Leadwright_Content__c")
                ? .json(200, ["fields": .array(Array(fields.dropFirst().dropLast()))]) : .json(200, ["fields": []])
        }
        let missing = try await partial.connector.connect().filter { $0.state == .missing }.map(\.subject)
        XCTAssertEqual(
            missing,
            [
                "field Leadwright_Content__c.Leadwright_Key__c", "field Leadwright_Content__c.Generated_At__c",
                "field Lead.HasOptedOutOfEmail", "field Contact.HasOptedOutOfEmail",
            ])

        let empty = try await ScriptedOrg.start(self) { _ in ScriptedOrg.problem(404, "NOT_FOUND") }
        let first = try await empty.connector.connect()[0]
        XCTAssertEqual(first.state, .missing)
        XCTAssertTrue(first.detail.contains("Connectors/salesforce"), first.detail)
    }
}
