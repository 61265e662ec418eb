import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import HubSpot
import JSON
import XCTest

final class HubSpotReadingTests: XCTestCase {
    private static let consenting: [String: JSONValue] = ["hs_email_optout": nil]

    private static func contact(_ id: Int, _ properties: [String: JSONValue]) -> JSONValue {
        ["id": .string(String(id)), "properties": .object(consenting.merging(properties) { $1 })]
    }

    private func read(
        _ id: Int, as contact: JSONValue?, stages: [String: FunnelStage] = [:], fields: [String: String] = [:],
        options: [String: String] = [:]
    ) async throws -> LeadReading? {
        let portal = try await ScriptedPortal.start(self, stages: stages, fields: fields, options: options) { _, _ in
            .json(contact == nil ? 207 : 200, ["results": .array(contact.map { [$0] } ?? [])])
        }
        return try await portal.connector.read([ScriptedPortal.lead(id)], known: [:])[ScriptedPortal.lead(id)]
    }

    private func record(_ properties: [String: JSONValue], options: [String: String] = [:]) async throws -> LeadRecord {
        guard case .found(let record)? = try await read(151, as: Self.contact(151, properties), options: options) else {
            throw XCTSkip("the contact must be found")
        }
        return record
    }

    func testALeadAsTheContactStands() async throws {
        let reading = try await read(
            151,
            as: Self.contact(
                151,
                [
                    "firstname": "Mira", "email": "mira@fjord.example", "company": "", "lifecyclestage": "2024",
                    "interest": "knitwear", "jobtitle": nil,
                ]), stages: ["2024": .marketingqualifiedlead], fields: ["interest": "interest"])
        guard case .found(let record)? = reading else { return XCTFail("must be found") }
        XCTAssertEqual(
            record.fields, ["first_name": "Mira", "email": "mira@fjord.example", "interest": "knitwear"])
        XCTAssertEqual(record.stage, .marketingqualifiedlead)
        XCTAssertEqual(record.nativeStage, "2024")
        XCTAssertEqual(record.consent, .granted)
    }

    func testStagesWithoutAMapAreOurOwn() async throws {
        let record = try await record(["lifecyclestage": "customer"])
        XCTAssertEqual(record.stage, .customer)
        let other = try await self.record(["lifecyclestage": "other"])
        XCTAssertNil(other.stage)
        XCTAssertEqual(other.nativeStage, "other")
    }

    func testConsent() async throws {
        for (properties, options, expected) in [
            (["hs_email_optout": "true"], [:], Consent.refused("hs_email_optout")),
            (["hs_email_optout": "TRUE"], [:], .refused("hs_email_optout")),
            (["hs_email_optout": "false"], [:], .granted), (["hs_email_bounce": "2"], [:], .refused("hs_email_bounce")),
            (["hs_email_bounce": "0"], [:], .granted),
            (["hs_email_quarantined": "true"], [:], .refused("hs_email_quarantined")),
            (["hs_email_is_ineligible": "true"], [:], .refused("hs_email_is_ineligible")),
            (["hs_legal_basis": "Legitimate interest"], ["consent": "legal_basis"], .granted),
        ] as [([String: JSONValue], [String: String], Consent)] {
            let record = try await record(properties, options: options)
            XCTAssertEqual(record.consent, expected, "\(properties)")
        }
        let without = try await record([:], options: ["consent": "legal_basis"])
        XCTAssertFalse(without.consent.allows)
    }

    /// A portal that does not show the opt-out has not said that there is none.
    func testAnUnreadableOptOutIsNoConsent() async throws {
        let reading = try await read(151, as: ["id": "151", "properties": ["email": "mira@fjord.example"]])
        guard case .found(let record)? = reading, case .unknown = record.consent else {
            return XCTFail("must be unknown")
        }
    }

    func testGoneAndMerged() async throws {
        let gone = try await read(151, as: nil)
        XCTAssertEqual(gone, .gone)
        let merged = try await read(151, as: Self.contact(190, ["hs_merged_object_ids": "151;152"]))
        XCTAssertEqual(merged, .merged(into: ScriptedPortal.lead(190)))
    }

    func testManyLeadsAreReadInFewCalls() async throws {
        let portal = try await ScriptedPortal.start(self) { request, _ in
            let ids = (try? JSONValue(parsing: request.body))?["inputs"]?.array ?? []
            return .json(
                200, ["results": .array(ids.map { ["id": $0["id"] ?? .null, "properties": .object(Self.consenting)] })])
        }
        let leads = (0..<250).map(ScriptedPortal.lead)
        let readings = try await portal.connector.read(leads, known: [:])
        XCTAssertEqual(readings.count, 250)
        XCTAssertEqual(portal.server.requests.count, 3)
        let body = try XCTUnwrap(portal.server.bodies(of: "/crm/v3/objects/contacts/batch/read").first)
        XCTAssertNil(body["idProperty"], "record ids are the default")
        XCTAssertTrue(body["properties"]?.array?.contains("hs_email_optout") == true)
    }

    // MARK: Looking up

    private func resolve(_ event: CRMEvent, stages: JSONValue = [], contacts: [Int64]) async throws -> [CRMEvent] {
        let portal = try await ScriptedPortal.start(self) { request, _ in
            if request.path == "/crm/v3/pipelines/deals" { return .json(200, ["results": [["stages": stages]]]) }
            guard request.path == "/crm/v4/associations/deals/contacts/batch/read" else {
                return HTTPResponse(status: 404)
            }
            let to = contacts.map { JSONValue.object(["toObjectId": .integer($0)]) }
            return .json(200, ["results": [["from": ["id": "7701"], "to": .array(to)]]])
        }
        return try await portal.connector.resolve(event)
    }

    private func deal(_ kind: EventKind, stage: String) -> CRMEvent {
        CRMEvent(
            kind: kind, objectType: "deal", objectID: "7701", lead: nil, property: "dealstage", value: stage,
            occurredAt: Date(timeIntervalSince1970: 1), dedupeKey: "k", needsLookup: true)
    }

    func testADealConcernsItsContacts() async throws {
        let events = try await resolve(deal(.dealWon, stage: "closedwon"), contacts: [151, 9_007_199_254_740_993, 151])
        XCTAssertEqual(
            events.map { $0.lead?.key },
            ["hubspot:8112233:contact:151", "hubspot:8112233:contact:9007199254740993"])
        XCTAssertEqual(events.map(\.kind), [.dealWon, .dealWon])
        XCTAssertEqual(events.map(\.needsLookup), [false, false])
        let nobody = try await resolve(deal(.dealWon, stage: "closedwon"), contacts: [])
        XCTAssertTrue(nobody.isEmpty)
    }

    func testAStageOfAnotherPipelineIsLookedUp() async throws {
        let stages: JSONValue = [
            ["id": "98765", "metadata": ["probability": "1.0", "isClosed": "true"]],
            ["id": "98766", "metadata": ["probability": "0.0", "isClosed": "true"]],
            ["id": "98767", "metadata": ["probability": "0.4", "isClosed": "false"]],
            ["id": "98768", "metadata": ["probability": "0.0", "isClosed": "false"]],
        ]
        for (stage, kind) in [
            ("98765", EventKind.dealWon), ("98766", .dealLost), ("98767", .stageChanged), ("98768", .stageChanged),
            ("none", .stageChanged),
        ] {
            let events = try await resolve(deal(.stageChanged, stage: stage), stages: stages, contacts: [151])
            XCTAssertEqual(events.map(\.kind), [kind], stage)
        }
    }
}
