import CRM
import Configuration
import DeclarationSchema
import Foundation
import JSON
import Personalization
import TestSupport
import XCTest

/// The published schema says what the decoder does.
final class SchemaTests: XCTestCase {
    func testEveryKeyOfTheDecoderIsInTheSchemaAndTheOtherWayRound() throws {
        let schema = try JSONValue(parsing: declarationSchema)
        let envelope = Declaration.envelopeKeys
        let decoded: [(name: String, keys: [String])] = [
            ("tenant", TenantDeclaration.declaredKeys + ["$schema", "kind"]),
            ("connection", ConnectionDeclaration.declaredKeys + envelope),
            ("playbook", Playbook.declaredKeys + envelope),
            ("voice", BrandVoice.declaredKeys),
            ("voices", BrandVoices.ByField.declaredKeys),
            ("fact", Fact.declaredKeys),
            ("trigger", Trigger.declaredKeys),
            ("condition", Condition.declaredKeys),
            ("experiment", Experiment.declaredKeys),
            ("part", ScaffoldPart.declaredKeys),
            ("conditional_variant", Variant.declaredKeys),
            ("text_piece", Piece.TextKeys.allCases.map(\.rawValue)),
            ("choose_piece", Piece.ChooseKeys.allCases.map(\.rawValue)),
            ("write_piece", Piece.WriteKeys.allCases.map(\.rawValue)),
        ]
        var objects: Set<String> = []
        for (name, keys) in decoded {
            let definition = try XCTUnwrap(schema["$defs"]?[name], name)
            XCTAssertEqual(definition["properties"]?.object?.keys.sorted(), keys.sorted(), name)
            XCTAssertEqual(definition["additionalProperties"]?.bool, false, name)
            objects.insert(name)
        }
        for (name, definition) in try XCTUnwrap(schema["$defs"]?.object) where definition["properties"] != nil {
            XCTAssertTrue(objects.contains(name), "\(name) is in the schema and not compared here")
        }
        let references = try XCTUnwrap(schema["$defs"]?["reference"]?["oneOf"]?.array)
        XCTAssertEqual(
            references.compactMap { $0["properties"]?.object?.keys.first }.sorted(), DeclaredText.declaredKeys)
    }

    func testRequiredKeysAreRequiredByTheDecoder() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let schema = try JSONValue(parsing: declarationSchema)
        for (name, text) in [
            ("tenant", Sample.tenant), ("connection", Sample.connection), ("playbook", Sample.playbook),
        ] {
            let object = try XCTUnwrap(JSONValue(parsing: text).object)
            let required = try XCTUnwrap(schema["$defs"]?[name]?["required"]?.array?.compactMap(\.string))
            for key in object.keys.sorted() {
                var without = object
                without[key] = nil
                let isRefused = (try? folder.declarations(JSONValue.object(without).canonicalText)) == nil
                XCTAssertEqual(isRefused, required.contains(key), "\(name).\(key)")
            }
        }
    }

    func testEnumerationsAgree() throws {
        let schema = try JSONValue(parsing: declarationSchema)
        let lists: [(String, [String])] = [
            ("stage", FunnelStage.allCases.map(\.rawValue)), ("event", EventKind.allCases.map(\.rawValue)),
        ]
        for (name, values) in lists {
            XCTAssertEqual(schema["$defs"]?[name]?["enum"]?.array?.compactMap(\.string), values, name)
        }
    }

    func testTheDemoIsValidForTheDecoder() throws {
        let files = try demoFiles()
        XCTAssertGreaterThanOrEqual(files.count, 12)
        for file in files { XCTAssertNoThrow(try Declarations(files: [file], environment: [:]), file) }
    }

    /// Asks an implementation that is not ours. Where Python or its jsonschema is missing the test says so and passes;
    /// CI has both.
    func testTheDemoIsValidForAnIndependentValidator() throws {
        let script = """
            import json, sys
            import jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for path in sys.argv[2:]:
                for error in validator.iter_errors(json.load(open(path))):
                    sys.exit(f"{path}: {jsonschema.exceptions.best_match([error]).message}")
            broken = json.load(open(sys.argv[2]))
            broken["unknown_key"] = 1
            if validator.is_valid(broken):
                sys.exit("an unknown key is accepted")
            """
        let validation = try FinishedProgram(
            ["env", "python3", "-c", script, PackageRoot.path("docs/schema/leadwright.schema.json")] + demoFiles())
        guard validation.status != 0 else { return }
        let said = validation.complaints
        if said.contains("No module named 'jsonschema'") || said.contains("python3:") || said.contains("‘python3’") {
            return print("no jsonschema for Python here; the decoder's own test stands alone")
        }
        XCTFail(said)
    }

    private func demoFiles() throws -> [String] {
        let demo = PackageRoot.path("Demo")
        let names = try XCTUnwrap(FileManager.default.enumerator(atPath: demo)).compactMap { $0 as? String }
        return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(demo)/\($0)" }
    }
}
