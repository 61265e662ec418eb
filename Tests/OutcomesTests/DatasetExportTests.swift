import CRM
import Cryptography
import Foundation
import JSON
import Outcomes
import PostgresClient
import TestSupport
import XCTest

final class DatasetExportTests: XCTestCase {
    private func installation() async throws -> Installation {
        let installation = try await Installation.make()
        addTeardownBlock { await installation.database.drop() }
        return installation
    }

    private func folder() -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "leadwright-\(UUID().uuidString)")
        addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
        return folder
    }

    /// Seven leads: good, bad, opted out, erased, and three more good ones.
    private func fill(_ here: Installation) async throws {
        for index in 0..<7 {
            let lead = try await here.lead("lead \(index)")
            _ = try await here.generation(lead: lead, event: Int64(index * 10), subject: "Subject \(index)")
            try await here.record(index == 1 ? .emailBounced : .emailReplied, lead: lead, event: Int64(index * 10 + 1))
        }
        try await here.database.pool.execute("UPDATE leads SET opted_out_at = now() WHERE key = 'lead 2'")
        try await here.database.pool.execute("UPDATE leads SET erased_at = now() WHERE key = 'lead 3'")
        // Two in the same moment: the id settles their order.
        try await here.database.pool.execute(
            "UPDATE training_examples SET created_at = '2026-01-01T00:00:00.000001Z'::timestamptz + id / 2 * interval '1 day'"
        )
    }

    private func export(
        _ here: Installation, _ format: DatasetFormat, since: String = "2025-01-01", until: String = "2027-01-01",
        tenant: String = "acme", pageRows: Int = 500
    ) async throws -> (manifest: DatasetManifest, rows: [JSONValue], folder: URL) {
        let folder = folder()
        let manifest = try await DatasetExport(
            pool: here.database.pool, pageRows: pageRows, now: { Date(timeIntervalSince1970: 0) }
        ).write(
            DatasetRequest(
                tenant: tenant, format: format, since: try Date("\(since)T00:00:00Z", strategy: .iso8601),
                until: try Date("\(until)T00:00:00Z", strategy: .iso8601)), to: folder)
        let text = try String(contentsOf: folder.appending(path: manifest.file), encoding: .utf8)
        return (manifest, try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }, folder)
    }

    func testRowsAreAsTheTrainerReadsThem() async throws {
        let here = try await installation()
        try await fill(here)
        let sft = try await export(here, .sft)
        XCTAssertEqual(sft.rows.count, 4)
        XCTAssertEqual(
            sft.rows.first,
            ["prompt": "Prompt 0", "completion": "Subject: Subject 0\n\nBody 0"])
        let kto = try await export(here, .kto)
        XCTAssertEqual(kto.rows.map { $0["label"]?.bool }, [true, false, true, true, true])
        XCTAssertEqual(
            kto.rows.map { $0["prompt"]?.string }, ["Prompt 0", "Prompt 10", "Prompt 40", "Prompt 50", "Prompt 60"])
    }

    func testTheManifestTellsWhatIsThere() async throws {
        let here = try await installation()
        try await fill(here)
        let (manifest, _, folder) = try await export(here, .kto)
        XCTAssertEqual(manifest.rows, 5)
        XCTAssertEqual(manifest.labels.good, 4)
        XCTAssertEqual(manifest.labels.bad, 1)
        XCTAssertEqual(manifest.consentFilter.excluded, 2)
        XCTAssertEqual(manifest.playbooks.map { "\($0.name) \($0.version): \($0.rows)" }, ["nurture 1: 5"])
        XCTAssertEqual(manifest.models, ["abc": 5])
        XCTAssertEqual(manifest.sha256, try Hash.sha256File(folder.appending(path: manifest.file).path))
        let written = try JSONValue(parsing: Data(contentsOf: folder.appending(path: "manifest.json")))
        XCTAssertEqual(written["consent_filter"]?["excluded"]?.integer, 2)
        XCTAssertEqual(written["window"]?["since"]?.string, "2025-01-01T00:00:00Z")
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted(),
            ["acme-kto.jsonl", "manifest.json"])
    }

    func testEqualDataGivesEqualBytesWhateverThePages() async throws {
        let here = try await installation()
        try await fill(here)
        let whole = try await export(here, .kto)
        for pageRows in [1, 2, 5] {
            let paged = try await export(here, .kto, pageRows: pageRows)
            XCTAssertEqual(paged.manifest.sha256, whole.manifest.sha256)
        }
    }

    func testTheWindowIncludesItsStartAndNotItsEnd() async throws {
        let here = try await installation()
        try await fill(here)
        // Examples 1 to 7 stand on days 0, 1, 1, 2, 2, 3, 3 after the first of January.
        let window = try await export(here, .kto, since: "2026-01-03", until: "2026-01-04")
        XCTAssertEqual(window.rows.map { $0["prompt"]?.string }, ["Prompt 40"])
        let empty = try await export(here, .kto, since: "2026-06-01", until: "2026-06-02")
        XCTAssertEqual(empty.manifest.rows, 0)
        XCTAssertEqual(empty.rows, [])
    }

    func testOneTenantNeverSeesAnothers() async throws {
        let here = try await installation()
        try await fill(here)
        try await here.database.pool.execute("INSERT INTO tenants (name, title) VALUES ('other', 'Other')")
        let other = try await export(here, .kto, tenant: "other")
        XCTAssertEqual(other.manifest.rows, 0)
        do {
            _ = try await export(here, .kto, tenant: "nobody")
            XCTFail("not thrown")
        } catch {
            XCTAssertTrue("\(error)".contains("no tenant \"nobody\""), "\(error)")
        }
    }

    func testAFolderThatCannotBeWrittenIsSaid() async throws {
        let here = try await installation()
        let file = folder()
        try Data("x".utf8).write(to: file)
        do {
            _ = try await DatasetExport(pool: here.database.pool).write(
                DatasetRequest(tenant: "acme", format: .sft, since: here.start, until: here.start), to: file)
            XCTFail("not thrown")
        } catch {
            XCTAssertEqual((error as? OutcomesError)?.code, .unwritableOutput)
        }
    }
}
