import CRM
import Configuration
import Cryptography
import Foundation
import JSON
import LanguageModel
import Personalization
import TestSupport
import XCTest

/// The demo's declarations are what a newcomer copies: they must apply, and every lead must get a text of its own.
final class DemoTests: XCTestCase {
    private static let environment = Dictionary(
        uniqueKeysWithValues: [
            "HUBSPOT_BASE_URL", "HUBSPOT_PUBLIC_URL", "HUBSPOT_ACCESS_TOKEN", "HUBSPOT_CLIENT_SECRET",
            "SALESFORCE_BASE_URL", "SALESFORCE_PUBLIC_URL", "SALESFORCE_CONSUMER_KEY", "SALESFORCE_PRIVATE_KEY",
            "SALESFORCE_WEBHOOK_SECRET", "ZAPIER_PUBLIC_URL", "ZAPIER_API_KEY",
        ].map { ($0, "http://127.0.0.1") })

    private func files(_ tenant: String) throws -> [String] {
        let folder = PackageRoot.path("Demo/\(tenant)")
        let playbooks = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/playbooks").sorted()
        return ["\(folder)/tenant.json", "\(folder)/connection.json"] + playbooks.map { "\(folder)/playbooks/\($0)" }
    }

    private func leads(_ tenant: String) throws -> [JSONValue] {
        try String(contentsOfFile: PackageRoot.path("Demo/\(tenant)/leads.jsonl"), encoding: .utf8)
            .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    private func record(_ lead: JSONValue) throws -> LeadRecord {
        var fields = (lead.object ?? [:]).compactMapValues(\.scalarText).filter { $0.key != "stage" && $0.key != "id" }
        fields["consent"] = nil
        for (name, value) in lead["fields"]?.object ?? [:] { fields[name] = value.scalarText }
        let id = try XCTUnwrap(lead["id"]?.string)
        let stage = try XCTUnwrap(lead["stage"]?.string.flatMap(FunnelStage.init(rawValue:)))
        return LeadRecord(
            identity: LeadIdentity(system: .hubspot, account: "1", objectType: "contact", objectID: id), fields: fields,
            stage: stage, nativeStage: nil, consent: lead["consent"]?.bool == true ? .granted : .refused("consent"))
    }

    func testTheDemoApplies() async throws {
        let database = try await TestDatabase.make()
        addTeardownBlock { await database.drop() }
        let store = ConfigurationStore(pool: database.pool, key: try SealingKey(Data(repeating: 1, count: 32)))
        let all = try ["techflow", "fashionforward", "digitalboost"].flatMap(files)
        let changes = try await store.apply(Declarations(files: all, environment: Self.environment))
        XCTAssertEqual(Set(changes.map(\.action)), [.created])
        XCTAssertEqual(changes.count { $0.kind == .playbook }, 12)
    }

    func testEveryLeadGetsATextOfItsOwnAtEveryStage() throws {
        for tenant in ["techflow", "fashionforward", "digitalboost"] {
            let declarations = try Declarations(files: files(tenant), environment: Self.environment)
            var voices: BrandVoices?
            var playbooks: [VersionedPlaybook] = []
            for object in declarations.objects {
                if case .tenant(let declared) = object.body { voices = declared.voices }
                if case .playbook(let playbook) = object.body { playbooks.append(.init(playbook, version: 1)) }
            }
            let brand = try XCTUnwrap(voices)
            let leads = try leads(tenant).map(record)
            XCTAssertGreaterThanOrEqual(leads.count, 12, tenant)
            XCTAssertTrue(leads.contains { !$0.consent.allows }, tenant)
            for stage in FunnelStage.allCases {
                var texts: Set<String> = []
                for var lead in leads where lead.consent.allows {
                    lead.stage = stage
                    let event = CRMEvent(
                        kind: .leadCreated, objectType: "contact", objectID: lead.identity.objectID,
                        lead: lead.identity, occurredAt: Date(), dedupeKey: "1")
                    guard case .selected(let chosen) = PlaybookSelection(of: playbooks, for: event, about: lead) else {
                        XCTFail("\(tenant): no playbook for \(lead.identity.objectID) at \(stage)")
                        continue
                    }
                    XCTAssertEqual(chosen.count, 1)
                    for playbook in chosen {
                        let composer = try Composer(playbook: playbook.playbook, voices: brand, record: lead)
                        let text = MessageText.text(of: composer.template.content)
                        XCTAssertFalse(text.contains("  ") || text.contains("{") || text.contains("\n\n\n"), text)
                        XCTAssertTrue(texts.insert(text).inserted, text)
                        let slots = composer.request(seed: 1).segments
                        XCTAssertTrue(slots.contains { if case .choose = $0 { true } else { false } }, text)
                        XCTAssertTrue(slots.contains { if case .write = $0 { true } else { false } }, text)
                    }
                }
            }
        }
    }

    /// A default is finished wording of the tenant's own; most of them would pass the checks themselves, which shows
    /// that the checks can be passed.
    func testMostDefaultsPassTheirOwnChecks() throws {
        var passed = 0
        var refused: [String] = []
        for tenant in ["techflow", "fashionforward", "digitalboost"] {
            let declarations = try Declarations(files: files(tenant), environment: Self.environment)
            for case .tenant(let declared) in declarations.objects.map(\.body) {
                for case .playbook(let playbook) in declarations.objects.map(\.body) {
                    for var lead in try leads(tenant).map(record) {
                        for stage in playbook.when.stages {
                            lead.stage = stage
                            guard playbook.when.condition.holds(for: LeadText(lead), at: stage) else { continue }
                            let composer = try Composer(playbook: playbook, voices: declared.voices, record: lead)
                            for case .write(let slot) in composer.request(seed: 1).segments {
                                if case .fails(let reason) = slot.check(slot.fallback) {
                                    refused.append("\(slot.fallback): \(reason)")
                                } else {
                                    passed += 1
                                }
                            }
                        }
                    }
                }
            }
        }
        XCTAssertGreaterThan(passed, 20 * refused.count, Set(refused).sorted().joined(separator: "\n"))
    }
}
