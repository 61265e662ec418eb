import CRM
import Foundation
import JSON
import Pipeline
import PostgresClient
import TestSupport
import XCTest

final class OwnWriteTests: XCTestCase {
    private let write = OwnWrite(
        target: "leadwright_nurture_email", id: "7f3d2c6e-0000-4000-8000-000000000001",
        fingerprint: String(repeating: "ab", count: 32), content: ["subject": "Hello Mira", "body": "Mira,\n\nFirst."],
        generatedAt: Date(timeIntervalSince1970: 1_795_100_000.25))

    private func change(_ property: String, _ value: String) -> CRMEvent {
        CRMEvent(
            kind: .leadUpdated, objectType: "contact", objectID: "151", lead: nil, property: property, value: value,
            occurredAt: Date(timeIntervalSince1970: 1_795_100_001), dedupeKey: "k")
    }

    func testEveryPropertyOfTheWriteIsKnownAgain() {
        let prefix = "leadwright_nurture_email"
        for (part, value) in [
            ("id", write.id), ("fingerprint", write.fingerprint), ("subject", "Hello Mira"),
            ("body", "Mira,\r\n\r\nFirst.\r\n"), ("generated_at", "1795100000250"),
            ("generated_at", "2026-11-19T14:53:20.250Z"),
        ] {
            XCTAssertTrue(write.caused(change("\(prefix)_\(part)", value)), part)
        }
    }

    func testWhatAPersonChangesIsNotOurs() {
        XCTAssertFalse(write.caused(change("leadwright_nurture_email_body", "Mira,\n\nI would put it otherwise.")))
        XCTAssertFalse(write.caused(change("company", "Fjord & Fell")))
        XCTAssertFalse(write.caused(change("notes", "Hello Mira")), "the same words in a field of theirs")
    }

    /// A Zap that hands on what it got from us names the generation's id.
    func testAFieldWithOurIdIsOurs() {
        var event = change("", "")
        event.fields = ["id": write.id, "email": "mira@fjord.example"]
        XCTAssertTrue(write.caused(event))
        event.fields = ["id": "another", "email": "mira@fjord.example"]
        XCTAssertFalse(write.caused(event))
    }

    /// The portal reports each written property and names our app: stored without a job.
    func testOurSourceMakesNoJob() async throws {
        let fixture = try await PipelineFixture()
        try await fixture.declare([PipelineFixture.playbook(events: ["lead.created", "lead.updated"])])
        try await fixture.subscribeToOwnProperties()
        _ = try await fixture.createLead("Anneke")
        await fixture.worker.drain()
        try await fixture.settle()
        let echoes: Int? = try await fixture.value("SELECT count(*) FROM events WHERE ignored = 'our own write'")
        XCTAssertEqual(echoes, 5)
        await fixture.worker.drain()
        let generations: Int? = try await fixture.value("SELECT count(*) FROM generations")
        XCTAssertEqual(generations, 1)
        await fixture.stop()
    }

    /// The connection names no app of which the portal knows, as with a private app: only the content tells.
    func testOurContentMakesNoText() async throws {
        let fixture = try await PipelineFixture(clientID: "999")
        try await fixture.declare([PipelineFixture.playbook(events: ["lead.created", "lead.updated"])])
        try await fixture.subscribeToOwnProperties()
        let lead = try await fixture.createLead("Anneke")
        await fixture.worker.drain()
        try await fixture.settle()
        await fixture.worker.drain()
        let echoes: Int? = try await fixture.value(
            "SELECT count(*) FROM events WHERE ignored = 'our own write, by its content'")
        let generations: Int? = try await fixture.value("SELECT count(*) FROM generations")
        XCTAssertEqual([echoes, generations], [5, 1])
        // A person who edits the text is no echo.
        try await fixture.callCRM(
            "PATCH", "/crm/v3/objects/contacts/\(lead)",
            ["properties": ["leadwright_nurture_email_body": "Otherwise."]])
        await fixture.worker.drain()
        let after: Int? = try await fixture.value("SELECT count(*) FROM generations")
        XCTAssertEqual(after, 2)
        await fixture.stop()
    }
}
