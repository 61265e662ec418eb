import CRM
import ConnectorTesting
import Foundation
import HTTPTypes
import JSON
import Salesforce
import XCTest

final class SalesforceReadingTests: XCTestCase {
    private func read(
        _ lead: LeadIdentity, as row: [String: JSONValue], options: [String: String] = [:],
        fields: [String: String] = [:]
    ) async throws -> LeadReading? {
        let row = row.merging(["Id": .string(lead.objectID)]) { $1 }
        let org = try await ScriptedOrg.start(self, options: options, fields: fields) { _ in
            ScriptedOrg.rows([.object(row)])
        }
        return try await org.connector.read([lead], known: [:])[lead]
    }

    func testALeadAsItStands() async throws {
        let lead = ScriptedOrg.lead(1)
        let reading = try await read(
            lead,
            as: [
                "FirstName": "Mira", "LastName": "Åkesson", "Email": "mira@fjord.example", "Company": "Fjord & Fell",
                "Title": nil, "Status": "Working - Contacted", "HasOptedOutOfEmail": false, "EmailBouncedDate": nil,
                "IsConverted": false, "Shoe_Size__c": 38,
            ], fields: ["size": "Shoe_Size__c"])
        XCTAssertEqual(
            reading,
            .found(
                LeadRecord(
                    identity: lead,
                    fields: [
                        "first_name": "Mira", "last_name": "Åkesson", "email": "mira@fjord.example",
                        "company": "Fjord & Fell", "size": "38",
                    ], stage: .marketingqualifiedlead, nativeStage: "Working - Contacted", consent: .granted)))
    }

    func testAContactHasAnAccountAndAConfiguredStage() async throws {
        let contact = ScriptedOrg.lead(1, type: "Contact")
        let row: [String: JSONValue] = [
            "Account": ["Name": "Fjord & Fell", "Industry": nil], "HasOptedOutOfEmail": false, "IsEmailBounced": false,
        ]
        guard case .found(let record)? = try await read(contact, as: row, options: ["contact_stage": "Customer"]) else {
            return XCTFail("must be found")
        }
        XCTAssertEqual(record.fields, ["company": "Fjord & Fell"])
        XCTAssertEqual(record.stage, .customer)
        XCTAssertEqual(record.consent, .granted)
    }

    func testConsent() async throws {
        for (row, options, expected) in [
            (["HasOptedOutOfEmail": true], [:], Consent.refused("HasOptedOutOfEmail")),
            (["EmailBouncedDate": "2026-11-19T08:00:00.000+0000"], [:], .refused("EmailBouncedDate")),
            (["HasOptedOutOfEmail": false], [:], .granted),
            (["Individual": ["HasOptedOutSolicit": true]], [:], .granted),
            (
                ["Individual": ["HasOptedOutSolicit": true]], ["individuals": "true"],
                .refused("Individual.HasOptedOutSolicit")
            ), (["Individual": nil], ["individuals": "true"], .granted),
        ] as [([String: JSONValue], [String: String], Consent)] {
            guard case .found(let record)? = try await read(ScriptedOrg.lead(1), as: row, options: options) else {
                return XCTFail("must be found")
            }
            XCTAssertEqual(record.consent, expected, "\(row)")
        }
    }

    /// Salesforce refuses a whole query for one hidden column; the others are read without it.
    func testAHiddenOptOutIsNoConsent() async throws {
        let lead = ScriptedOrg.lead(1)
        let org = try await ScriptedOrg.start(self) { request in
            let soql = ScriptedOrg.soql(request) ?? ""
            for column in ["HasOptedOutOfEmail", "Industry"] where soql.contains(column) {
                return ScriptedOrg.problem(
                    400, "INVALID_FIELD", "\nERROR at Row:1:Column:8\nNo such column '\(column)' on entity 'Lead'.")
            }
            return ScriptedOrg.rows([["Id": .string(lead.objectID), "FirstName": "Mira"]])
        }
        guard case .found(let record)? = try await org.connector.read([lead], known: [:])[lead],
            case .unknown(let reason) = record.consent
        else { return XCTFail("must be unknown") }
        XCTAssertTrue(reason.contains("permission set"), reason)
        XCTAssertEqual(record.fields, ["first_name": "Mira"])
        XCTAssertEqual(org.calls.count, 3)
    }

    func testAnUnknownRefusalIsReported() async throws {
        let org = try await ScriptedOrg.start(self) { _ in
            ScriptedOrg.problem(400, "INVALID_FIELD", "something else")
        }
        do {
            _ = try await org.connector.read([ScriptedOrg.lead(1)], known: [:])
            XCTFail("must be refused")
        } catch {
            XCTAssertEqual(error.code, .rejected)
        }
    }

    func testConvertedMergedAndGone() async throws {
        let contact = ScriptedOrg.lead(7, type: "Contact")
        let converted = try await read(
            ScriptedOrg.lead(1), as: ["IsConverted": true, "ConvertedContactId": .string(contact.objectID)])
        XCTAssertEqual(converted, .merged(into: contact))

        let org = try await ScriptedOrg.start(self) { request in
            guard request.path.hasSuffix("/queryAll") else { return ScriptedOrg.rows([]) }
            return ScriptedOrg.rows([
                [
                    "Id": .string(ScriptedOrg.lead(1).objectID),
                    "MasterRecordId": .string(ScriptedOrg.lead(9).objectID),
                ], ["Id": .string(ScriptedOrg.lead(2).objectID), "MasterRecordId": nil],
            ])
        }
        let nonsense = LeadIdentity(
            system: .salesforce, account: "", objectType: "Lead", objectID: "') OR Id != ('")
        let readings = try await org.connector.read(
            [ScriptedOrg.lead(1), ScriptedOrg.lead(2), ScriptedOrg.lead(3), nonsense], known: [:])
        XCTAssertEqual(readings[ScriptedOrg.lead(1)], .merged(into: ScriptedOrg.lead(9)))
        XCTAssertEqual(readings[ScriptedOrg.lead(2)], .gone)
        XCTAssertEqual(readings[ScriptedOrg.lead(3)], .gone)
        XCTAssertEqual(readings[nonsense], .gone)
        XCTAssertFalse(org.calls.contains { ScriptedOrg.soql($0)?.contains("OR Id") == true })
    }

    func testManyLeadsAreReadInFewCalls() async throws {
        let org = try await ScriptedOrg.start(self) { request in
            let soql = ScriptedOrg.soql(request) ?? ""
            let ids = soql.split(separator: "'").filter { SalesforceID(String($0)) != nil }
            return ScriptedOrg.rows(ids.map { ["Id": .string(String($0))] })
        }
        let leads = (0..<450).map { ScriptedOrg.lead($0) }
        let readings = try await org.connector.read(leads, known: [:])
        XCTAssertEqual(readings.values.count { $0 != .gone }, 450)
        XCTAssertEqual(org.calls.count, 3)
    }

    // MARK: Looking up

    private func resolve(_ event: CRMEvent, _ tables: [String: [JSONValue]]) async throws -> [CRMEvent] {
        let org = try await ScriptedOrg.start(self) { request in
            let soql = ScriptedOrg.soql(request) ?? ""
            return ScriptedOrg.rows(tables.first { soql.contains("FROM \($0.key) ") }?.value ?? [])
        }
        return try await org.connector.resolve(event)
    }

    private func event(_ kind: EventKind, _ type: String, _ id: String, lead: LeadIdentity? = nil) -> CRMEvent {
        CRMEvent(
            kind: kind, objectType: type, objectID: id, lead: lead, occurredAt: Date(timeIntervalSince1970: 1),
            dedupeKey: "k", needsLookup: true)
    }

    /// The lead that became the opportunity, and other people's roles, but not the lead's own contact once more.
    func testAnOpportunityConcernsItsPeople() async throws {
        let own = ScriptedOrg.lead(1, type: "Contact")
        let other = ScriptedOrg.lead(2, type: "Contact")
        let events = try await resolve(
            event(.stageChanged, "Opportunity", "0067Q00000Opp01QAB"),
            [
                "Opportunity": [["IsWon": true, "IsClosed": true]],
                "Lead": [
                    [
                        "Id": .string(ScriptedOrg.lead(1).objectID), "ConvertedContactId": .string(own.objectID),
                    ]
                ],
                "OpportunityContactRole": [
                    ["ContactId": .string(own.objectID)], ["ContactId": .string(other.objectID)],
                    ["ContactId": .string(other.objectID)],
                ],
            ])
        XCTAssertEqual(events.map(\.kind), [.dealWon, .dealWon])
        XCTAssertEqual(events.map(\.lead), [ScriptedOrg.lead(1), other])
        XCTAssertEqual(events.map(\.needsLookup), [false, false])
    }

    func testAConvertedContactIsNoNewPerson() async throws {
        let contact = ScriptedOrg.lead(1, type: "Contact")
        let created = event(.leadCreated, "Contact", contact.objectID, lead: contact)
        let converted = try await resolve(created, ["Lead": [["Id": .string(ScriptedOrg.lead(1).objectID)]]])
        XCTAssertTrue(converted.isEmpty)
        let new = try await resolve(created, [:])
        XCTAssertEqual(new.map(\.lead), [contact])
        XCTAssertEqual(new.map(\.needsLookup), [false])
    }

    func testIndividualsAndMails() async throws {
        let contact = ScriptedOrg.lead(1, type: "Contact")
        let forgotten = try await resolve(
            event(.privacyDeleted, "Individual", "0PK7Q000000Ind1WAC"),
            [
                "Lead": [["Id": .string(ScriptedOrg.lead(1).objectID)]],
                "Contact": [["Id": .string(contact.objectID)]],
            ])
        XCTAssertEqual(forgotten.map(\.lead), [ScriptedOrg.lead(1), contact])
        let reply = try await resolve(
            event(.emailReplied, "EmailMessage", "02s7Q00000Mail1QAB"),
            ["EmailMessageRelation": [["RelationId": .string(contact.objectID)], ["RelationId": "0057Q000000Usr1QAC"]]])
        XCTAssertEqual(reply.map(\.lead), [contact], "the user who wrote is no lead")
    }
}
