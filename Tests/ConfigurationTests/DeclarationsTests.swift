import Configuration
import Cryptography
import Foundation
import XCTest

final class DeclarationsTests: XCTestCase {
    private func folder() throws -> Folder {
        let folder = try Folder()
        addTeardownBlock { folder.remove() }
        return folder
    }

    func testTenantsComeFirstWhateverTheOrder() throws {
        let folder = try folder()
        let declarations = try folder.declarations("[\(Sample.playbook), \(Sample.connection)]", Sample.tenant)
        XCTAssertEqual(declarations.objects.map(\.kind), [.tenant, .connection, .playbook])
        XCTAssertEqual(declarations.objects.map(\.name), ["acme", "acme-hubspot", "nurture"])
        XCTAssertEqual(Set(declarations.objects.map(\.tenant)), ["acme"])
    }

    func testMistakesNameFilePlaceAndRemedy() throws {
        let cases: [(text: String, expected: String)] = [
            (Sample.tenant.replacing("\"title\"", with: "\"titel\""), "0.json: unknown key \"titel\"; known are"),
            (Sample.tenant.replacing("\"rules\"", with: "\"rule\""), "0.json: voice: unknown key \"rule\""),
            (Sample.tenant.replacing("\"acme\"", with: "\"Acme Inc\""), "name: \"Acme Inc\" must be small letters"),
            (Sample.tenant.replacing("\"en\"", with: "\"de\""), "voice.language: \"de\" of Acme cannot be checked"),
            (Sample.tenant.replacing("\"lead\": \"acme", with: "\"led\": \"acme"), "voice.cta"),
            (Sample.tenant.replacing("\"tenant\"", with: "\"tenants\""), "kind: must be"),
            ("[\(Sample.tenant), 7]", "0.json[1]: an object is expected"),
            ("[\(Sample.tenant), \(Sample.tenant)]", "0.json[1]: name: \"acme\" is declared twice"),
            (Sample.connection.replacing("\"hubspot\",", with: "\"pipedrive\","), "system"),
            (Sample.connection.replacing("\"customer\"}", with: "\"client\"}"), "stages.customer"),
            (
                Sample.connection.replacing("{\"lead\": \"lead\", \"customer\": \"customer\"}", with: "{}"),
                "stages: maps no stage"
            ),
            (
                Sample.connection.replacing("{\"env\": \"TOKEN\"}", with: "\"pat-secret\""),
                "credentials.access_token: may not"
            ),
            (
                Sample.connection.replacing("{\"env\": \"API\"}", with: "{\"evn\": \"API\"}"),
                "base_url: unknown key \"evn\""
            ),
            (Sample.connection.replacing("\"pain\":", with: "\"email\":"), "fields.email: is read in any case"),
            (Sample.playbook.replacing("\"tenant\": \"acme\", ", with: ""), "tenant: is missing"),
            (Sample.playbook.replacing("\"part\"", with: "\"prt\""), "scaffold[0]: unknown key \"prt\""),
            (Sample.tenant + "}", "0.json: not valid JSON"),
        ]
        for (text, expected) in cases {
            let folder = try folder()
            XCTAssertThrowsError(try folder.declarations(text), expected) { error in
                XCTAssertTrue("\(error)".contains(expected), "\(error), not \(expected)")
                XCTAssertFalse("\(error)".contains("pat-secret"))
            }
        }
        XCTAssertThrowsError(try Declarations(files: ["/nowhere/x.json"])) { error in
            XCTAssertTrue("\(error)".contains("cannot read /nowhere/x.json"))
        }
    }

    func testAllMistakesAreToldAtOnce() throws {
        let folder = try folder()
        XCTAssertThrowsError(
            try folder.declarations(
                Sample.tenant.replacing("\"title\"", with: "\"titel\""), Sample.playbook.replacing("part", with: "prt"))
        ) { error in
            XCTAssertEqual((error as? ConfigurationError)?.problems.count, 2)
        }
    }

    func testTheInstallationsKey() throws {
        let folder = try folder()
        let base64 = Sample.key.base64EncodedString()
        let file = try folder.write("key", base64 + "\n")
        let wanted = try SealingKey(Sample.key).id
        for environment in [
            ["LEADWRIGHT_KEY": base64], ["LEADWRIGHT_KEY": Sample.key.hexadecimal], ["LEADWRIGHT_KEY_FILE": file],
        ] {
            XCTAssertEqual(try SealingKey.fromEnvironment(environment)?.id, wanted)
        }
        XCTAssertNil(try SealingKey.fromEnvironment([:]))
        for bad in ["short", String(base64.dropLast(4)), "zz"] {
            XCTAssertThrowsError(try SealingKey.fromEnvironment(["LEADWRIGHT_KEY": bad])) { error in
                XCTAssertFalse("\(error)".contains(bad))
            }
        }
        XCTAssertThrowsError(try SealingKey.fromEnvironment(["LEADWRIGHT_KEY_FILE": "/nowhere/key"]))
    }
}
