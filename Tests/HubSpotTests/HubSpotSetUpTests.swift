import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import Synchronization
import XCTest

final class HubSpotSetUpTests: XCTestCase {
    private static let target = ContentTarget(name: "leadwright", parts: ["subject", "body"])

    /// The group and properties of a portal; creating one that exists is a conflict.
    private final class Definitions: Sendable {
        let group = Mutex<JSONValue?>(nil)
        let properties: Mutex<[String: JSONValue]>

        init(_ properties: [String: JSONValue] = [:]) { self.properties = Mutex(properties) }

        func answer(_ request: HTTPRequest) -> HTTPResponse {
            let root = "/crm/v3/properties/contacts"
            let body = try? JSONValue(parsing: request.body)
            switch (request.method, request.path) {
            case ("GET", root):
                return .json(200, ["results": .array(properties.withLock { Array($0.values) })])
            case ("POST", root):
                let name = body?["name"]?.string ?? ""
                return properties.withLock { properties in
                    guard properties[name] == nil else { return .json(409, ["category": "OBJECT_ALREADY_EXISTS"]) }
                    properties[name] = body
                    return .json(201, body ?? .null)
                }
            case ("POST", "\(root)/groups"):
                group.withLock { $0 = body }
                return .json(201, body ?? .null)
            case ("GET", "\(root)/groups/leadwright"):
                return group.withLock { $0 }.map { .json(200, $0) } ?? HTTPResponse(status: 404)
            case ("GET", let path):
                let found = properties.withLock { $0[String(path.dropFirst(root.count + 1))] }
                return found.map { .json(200, $0) } ?? HTTPResponse(status: 404)
            default: return HTTPResponse(status: 405)
            }
        }
    }

    func testCreatesWhatIsMissingAndNothingTwice() async throws {
        let definitions = Definitions()
        let again = ContentTarget(name: "leadwright", parts: ["body"])
        let portal = try await ScriptedPortal.start(self, targets: [Self.target, again]) { request, _ in
            definitions.answer(request)
        }
        let first = try await portal.connector.connect()
        XCTAssertEqual(
            first.map(\.subject),
            [
                "property group leadwright", "property leadwright_subject", "property leadwright_body",
                "property leadwright_generated_at", "property leadwright_id", "property leadwright_fingerprint",
            ])
        XCTAssertEqual(Set(first.map(\.state)), [.created])
        let second = try await portal.connector.connect()
        XCTAssertEqual(second.map(\.subject), first.map(\.subject))
        XCTAssertEqual(Set(second.map(\.state)), [.present])
    }

    /// What Connectors/hubspot shows an administrator is what the connector creates.
    func testPublishedDefinitionsAreTheCreatedOnes() async throws {
        let definitions = Definitions()
        let portal = try await ScriptedPortal.start(self, targets: [Self.target]) { request, _ in
            definitions.answer(request)
        }
        _ = try await portal.connector.connect()
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Connectors/hubspot/properties.json")
        let published = try JSONValue(parsing: Data(contentsOf: file))
        XCTAssertEqual(published["group"], definitions.group.withLock { $0 })
        let properties = try XCTUnwrap(published["properties"]?.array)
        let byName = Dictionary(properties.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
        XCTAssertEqual(byName, definitions.properties.withLock { $0 })
    }

    func testAnotherTypeIsReported() async throws {
        let definitions = Definitions(["leadwright_body": ["name": "leadwright_body", "type": "number"]])
        let portal = try await ScriptedPortal.start(self, targets: [Self.target]) { request, _ in
            definitions.answer(request)
        }
        let step = try await portal.connector.connect()[2]
        XCTAssertEqual(step.state, .missing)
        XCTAssertTrue(step.detail.contains("number"), step.detail)
    }

    /// Another process creates the property between our look and our call.
    func testALostRaceIsNoFailure() async throws {
        let definitions = Definitions(["leadwright_body": ["name": "leadwright_body", "type": "string"]])
        let portal = try await ScriptedPortal.start(self, targets: [Self.target]) { request, _ in
            request.method == "GET" && request.path == "/crm/v3/properties/contacts"
                ? .json(200, ["results": []]) : definitions.answer(request)
        }
        let step = try await portal.connector.connect()[2]
        XCTAssertEqual(step, SetUpStep("property leadwright_body", .present))
    }

    func testNamesThatHubSpotRefusesAreRefusedHere() async throws {
        for name in ["Leadwright", "1st", "lead-wright", ""] {
            let portal = try await ScriptedPortal.start(
                self, targets: [ContentTarget(name: name, parts: ["body"])]
            ) { _, _ in HTTPResponse(status: 500) }
            do {
                _ = try await portal.connector.connect()
                XCTFail("\(name) must be refused")
            } catch {
                XCTAssertEqual(error.code, .misconfigured)
            }
        }
    }
}
