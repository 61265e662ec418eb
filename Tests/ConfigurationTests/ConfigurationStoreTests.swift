import CRM
import Configuration
import Cryptography
import Foundation
import JSON
import Personalization
import PostgresClient
import TestSupport
import XCTest

final class ConfigurationStoreTests: XCTestCase {
    private func database() async throws -> TestDatabase {
        let database = try await TestDatabase.make()
        addTeardownBlock { await database.drop() }
        return database
    }

    private func folder() throws -> Folder {
        let folder = try Folder()
        addTeardownBlock { folder.remove() }
        return folder
    }

    private func store(_ database: TestDatabase, key: Data? = Sample.key) throws -> ConfigurationStore {
        ConfigurationStore(pool: database.pool, key: try key.map { try SealingKey($0) }, maximumAge: .zero)
    }

    func testApplyingIsPlannedStoredAndRepeatable() async throws {
        let store = try store(try await database())
        let folder = try folder()
        let all = try folder.declarations(Sample.playbook, Sample.tenant, Sample.connection)
        let planned = try await store.plan(all)
        XCTAssertEqual(planned.map(\.action), [.created, .created, .created])
        let nothing = try await store.tenants()
        XCTAssertEqual(nothing, [])

        let applied = try await store.apply(all)
        XCTAssertEqual(applied, planned)
        let again = try await store.apply(all)
        XCTAssertEqual(again.map(\.action), [.unchanged, .unchanged, .unchanged])
        XCTAssertEqual(again.map(\.version), [1, 1, 1])

        let tenants = try await store.tenants()
        let tenant = try XCTUnwrap(tenants.first)
        XCTAssertEqual(tenant.voices.tenant.name, "Acme")
        let byID = try await store.tenant(id: tenant.id)
        XCTAssertEqual(byID, tenant)
        let found = try await store.connection(named: "acme-hubspot")
        let connection = try XCTUnwrap(found)
        XCTAssertEqual(connection.tenantID, tenant.id)
        XCTAssertEqual(connection.settings.baseURL, "http://127.0.0.1:9")
        XCTAssertEqual(connection.settings.stages["customer"], .customer)
        XCTAssertEqual(connection.settings.options, ["consent": "opt-out"])
        XCTAssertEqual(connection.credentials["access_token"], "pat-very-secret")
        XCTAssertFalse("\(connection)".contains("pat-very-secret"))
        let playbooks = try await store.playbooks(tenantID: tenant.id)
        XCTAssertEqual(playbooks.map(\.playbook.name), ["nurture"])
        let none = try await store.connection(named: "nobody")
        XCTAssertNil(none)
    }

    func testAChangeIsShownByFieldAndOldVersionsStay() async throws {
        let store = try store(try await database())
        let folder = try folder()
        _ = try await store.apply(folder.declarations(Sample.tenant, Sample.connection, Sample.playbook))
        let changed = Sample.playbook.replacing("P3D", with: "P5D").replacing("Hello.", with: "Hello there.")
        let changes = try await store.apply(folder.declarations(changed))
        XCTAssertEqual(changes.map(\.action), [.changed])
        XCTAssertEqual(changes.first?.version, 2)
        XCTAssertEqual(
            changes.first?.fields,
            [
                FieldChange(path: "scaffold[0].pieces[0].else", before: "Hello.", after: "Hello there."),
                FieldChange(path: "valid_for", before: "P3D", after: "P5D"),
            ])
        let tenants = try await store.tenants()
        let id = try XCTUnwrap(tenants.first?.id)
        let current = try await store.playbooks(tenantID: id)
        XCTAssertEqual(current.first?.version, 2)
        let old = try await store.playbook(tenantID: id, named: "nurture", version: 1)
        XCTAssertEqual(old?.playbook.validFor, try Validity("P3D"))
        let missing = try await store.playbook(tenantID: id, named: "nurture", version: 3)
        XCTAssertNil(missing)
    }

    func testWhatReferencesHoldIsComparedAndSecretsAreNotTold() async throws {
        let store = try store(try await database())
        var folder = try folder()
        _ = try await store.apply(folder.declarations(Sample.tenant, Sample.connection))
        folder.environment["TOKEN"] = "pat-another-secret"
        folder.environment["API"] = "http://127.0.0.1:10"
        let changes = try await store.apply(folder.declarations(Sample.connection))
        XCTAssertEqual(changes.first?.action, .changed)
        XCTAssertEqual(changes.first?.version, 1)
        XCTAssertEqual(
            changes.first?.fields,
            [
                FieldChange(path: "resolved.base_url", before: "http://127.0.0.1:9", after: "http://127.0.0.1:10"),
                FieldChange(path: "credentials.access_token", before: nil, after: nil),
            ])
        let connection = try await store.connection(named: "acme-hubspot")
        XCTAssertEqual(connection?.credentials["access_token"], "pat-another-secret")
        folder.environment["TOKEN"] = nil
        let unset = try folder.declarations(Sample.connection)
        await assertThrows("the environment variable TOKEN is not set") { _ = try await store.plan(unset) }
    }

    func testCredentialsAreSealedAndBoundToTheirPlace() async throws {
        let database = try await database()
        let folder = try folder()
        let file = try folder.write("secret.pem", "-----BEGIN-----\nabc\n-----END-----\n")
        let two = Sample.connection.replacing(
            "{\"env\": \"TOKEN\"}", with: "{\"env\": \"TOKEN\"}, \"private_key\": {\"file\": \"secret.pem\"}")
        _ = try await store(database).apply(folder.declarations(Sample.tenant, two))
        let connection = try await store(database).connection(named: "acme-hubspot")
        XCTAssertEqual(connection?.credentials["private_key"], "-----BEGIN-----\nabc\n-----END-----")
        let rows = try await database.pool.query("SELECT ciphertext, key_id FROM credentials ORDER BY name")
        XCTAssertEqual(rows.count, 2)
        for row in rows {
            let (ciphertext, keyID) = try row.decode(Data.self, String.self)
            XCTAssertNil(ciphertext.range(of: Data("secret".utf8)))
            XCTAssertEqual(keyID, try SealingKey(Sample.key).id)
        }
        // Another key, and a row under another name.
        let other = try store(database, key: Data(repeating: 8, count: 32))
        await assertThrows("credential \"access_token\" of connection acme-hubspot does not open") {
            _ = try await other.connection(named: "acme-hubspot")
        }
        let none = try store(database, key: nil)
        await assertThrows("LEADWRIGHT_KEY") { _ = try await none.connection(named: "acme-hubspot") }
        let again = try folder.declarations(two)
        await assertThrows("LEADWRIGHT_KEY") { _ = try await none.plan(again) }
        try await database.pool.execute("DELETE FROM credentials WHERE name = 'private_key'")
        try await database.pool.execute("UPDATE credentials SET name = 'private_key'")
        let mine = try store(database)
        await assertThrows("does not open") { _ = try await mine.connection(named: "acme-hubspot") }
        // Applying heals what does not open, and takes away what is no longer declared.
        _ = try await other.apply(folder.declarations(Sample.connection))
        let healed = try await other.connection(named: "acme-hubspot")
        XCTAssertEqual(healed?.credentials["access_token"], "pat-very-secret")
        XCTAssertNil(healed?.credentials["private_key"])
        XCTAssertTrue(FileManager.default.fileExists(atPath: file))
    }

    func testNothingIsStoredWhenOneThingIsWrong() async throws {
        let database = try await database()
        let store = try store(database)
        let folder = try folder()
        let cases: [([String], String)] = [
            ([Sample.playbook], "tenant: there is no tenant \"acme\""),
            ([Sample.tenant, Sample.playbook.replacing("{fact.price}", with: "{fact.cost}")], "no fact \"cost\""),
            ([Sample.tenant, Sample.playbook.replacing("Hello.", with: "Hello!")], "pieces[0].else: holds \"!\""),
            (
                [Sample.tenant, Sample.connection, Sample.playbook.replacing("lead.pain", with: "lead.budget")],
                "maps the lead field \"budget\""
            ),
        ]
        for (texts, expected) in cases {
            let files = try texts.enumerated().map { try folder.write("\($0).json", $1) }
            let declarations = try Declarations(files: files, environment: folder.environment)
            await assertThrows(expected) { _ = try await store.apply(declarations) }
        }
        let tenants = try await store.tenants()
        XCTAssertEqual(tenants, [])
    }

    func testATenantMayNotLoseWhatItsPlaybooksNeed() async throws {
        let store = try store(try await database())
        let folder = try folder()
        _ = try await store.apply(folder.declarations(Sample.tenant, Sample.playbook))
        let poorer = try folder.declarations(Sample.tenant.replacing("\"price\"", with: "\"cost\""))
        await assertThrows("playbook nurture in force: scaffold[0].pieces[0].text: there is no fact \"price\"") {
            _ = try await store.apply(poorer)
        }
    }

    func testAConnectionsNameBelongsToOneTenant() async throws {
        let store = try store(try await database())
        let folder = try folder()
        _ = try await store.apply(folder.declarations(Sample.tenant, Sample.connection))
        let theirs = try folder.declarations(
            Sample.tenant.replacing("\"acme\"", with: "\"other\""),
            Sample.connection.replacing("\"tenant\": \"acme\"", with: "\"tenant\": \"other\""))
        await assertThrows("another tenant has a connection \"acme-hubspot\"") { _ = try await store.apply(theirs) }
    }

    func testTwoPeopleApplyAtOnce() async throws {
        let store = try store(try await database())
        let folder = try folder()
        _ = try await store.apply(folder.declarations(Sample.tenant))
        let versions = try (1...6).map { index in
            let path = try folder.write("p\(index).json", Sample.playbook.replacing("P3D", with: "P\(index + 3)D"))
            return try Declarations(files: [path], environment: folder.environment)
        }
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for version in versions {
                group.addTask { try await store.apply(version).first?.version ?? 0 }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(applied.sorted(), [1, 2, 3, 4, 5, 6])
    }

    func testReadingIsKeptForAWhile() async throws {
        let database = try await database()
        let folder = try folder()
        let key = try SealingKey(Sample.key)
        let reader = ConfigurationStore(pool: database.pool, key: key, maximumAge: .seconds(3_600))
        let writer = try store(database)
        _ = try await writer.apply(folder.declarations(Sample.tenant, Sample.connection))
        _ = try await reader.connection(named: "acme-hubspot")
        try await database.pool.execute("UPDATE connections SET settings = settings || '{\"account\": \"changed\"}'")
        let old = try await reader.connection(named: "acme-hubspot")
        XCTAssertNotEqual(old?.settings.account, "changed")
        let fresh = try await writer.connection(named: "acme-hubspot")
        XCTAssertEqual(fresh?.settings.account, "changed")
        // Applying through the reader makes it look again.
        _ = try await reader.apply(folder.declarations(Sample.tenant))
        let now = try await reader.connection(named: "acme-hubspot")
        XCTAssertEqual(now?.settings.account, "changed")
    }

    private func assertThrows(
        _ expected: String, line: UInt = #line, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            XCTFail("nothing thrown, expected \(expected)", line: line)
        } catch {
            XCTAssertTrue("\(error)".contains(expected), "\(error), not \(expected)", line: line)
            XCTAssertFalse("\(error)".contains("pat-"), line: line)
        }
    }
}
