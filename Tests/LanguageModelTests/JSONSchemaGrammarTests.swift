import JSON
import LanguageModel
import XCTest

/// What cannot be compiled, and what is said about it.
final class JSONSchemaGrammarTests: XCTestCase {
    func testWhatIsOutsideTheSubsetIsRefusedByName() throws {
        for (schema, words) in [
            (#"{"type": "string", "pattern": "^a"}"#, ["#", "\"pattern\""]),
            (#"{"type": "string", "format": "date"}"#, ["\"format\""]),
            (#"{"type": "string", "minimum": 3}"#, ["\"minimum\""]),
            (#"{"type": "number", "multipleOf": 5}"#, ["\"multipleOf\""]),
            (#"{"type": "array", "items": {"type": "null"}, "uniqueItems": true}"#, ["\"uniqueItems\""]),
            (#"{"type": "array", "prefixItems": []}"#, ["\"prefixItems\""]),
            (#"{"type": "object", "properties": {}, "patternProperties": {}}"#, ["\"patternProperties\""]),
            (#"{"type": "object", "properties": {}, "additionalProperties": true}"#, ["\"additionalProperties\""]),
            (#"{"type": "object", "properties": {"a/b": {"oneOf": []}}}"#, ["#/properties/a~1b", "any value"]),
            (#"{"anyOf": [{"type": "null"}], "type": "null"}"#, ["\"type\""]),
            (#"{"anyOf": [{"type": "null"}, {"type": "null", "not": {}}]}"#, ["#/anyOf/1", "\"not\""]),
            (#"{"enum": ["a"], "minLength": 3}"#, ["\"minLength\""]),
            (#"{"const": 1, "enum": [1]}"#, ["\"enum\""]),
            (#"{"$ref": "https://example.com/schema"}"#, ["example.com"]),
            (##"{"$ref": "#/properties/a"}"##, ["#/properties/a"]),
            (##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}, "type": "null"}"##, ["\"type\""]),
            (#"{"type": "array", "items": {"$defs": {}, "type": "null"}}"#, ["#/items", "\"$defs\""]),
            (#"{}"#, ["any value"]), (#"{"properties": {}}"#, ["any value"]),
        ] { try check(schema, .unsupportedGrammar, words) }
    }

    func testWhatNoDocumentSatisfiesIsRefused() throws {
        for (schema, words) in [
            (#"{"enum": []}"#, ["enum", "no value"]), (#"{"enum": 3}"#, ["enum"]), (#"{"anyOf": []}"#, ["anyOf"]),
            (#"{"anyOf": {"type": "null"}}"#, ["anyOf"]), (#"{"type": []}"#, ["type is []"]),
            (#"{"type": "text"}"#, ["type is \"text\"", "string"]), (#"{"type": 3}"#, ["type is no list"]),
            (#"{"type": "string", "minLength": 5, "maxLength": 3}"#, ["minLength 5", "maxLength 3"]),
            (#"{"type": "string", "minLength": -1}"#, ["minLength is -1"]),
            (#"{"type": "string", "maxLength": "9"}"#, ["maxLength is \"9\""]),
            (#"{"type": "string", "minLength": 20000}"#, ["16384 bytes"]),
            (#"{"type": "array", "items": {"type": "null"}, "minItems": 3, "maxItems": 2}"#, ["minItems 3"]),
            (#"{"type": "array", "items": {"type": "null"}, "minItems": 9223372036854775807}"#, ["16384 bytes"]),
            (#"{"type": "array"}"#, ["items"]), (#"{"type": "array", "items": 3}"#, ["#/items", "no object"]),
            (#"{"type": "integer", "minimum": 5, "maximum": 4}"#, ["bounds"]),
            (#"{"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 6}"#, ["bounds"]),
            (#"{"type": "integer", "minimum": 1e17}"#, ["bounds"]),
            (#"{"type": "number", "minimum": 0.0000001, "maximum": 0.0000002}"#, ["bounds", "6 decimals"]),
            (#"{"type": "number", "minimum": "a"}"#, ["minimum is \"a\""]),
            (#"{"type": "object"}"#, ["properties"]), (#"{"type": "object", "properties": 3}"#, ["properties"]),
            (#"{"type": "object", "properties": {}, "required": ["a"]}"#, ["required", "\"a\""]),
            (#"{"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a", "a"]}"#, ["required"]),
            (#"{"type": "object", "properties": {"a": true}}"#, ["#/properties/a", "no object"]),
            (#"{"type": "string", "enum": ["a", 3]}"#, ["3 is not of the type"]),
            (#"{"const": "a", "type": ["integer", "null"]}"#, ["not of the type"]),
            (##"{"$ref": "#/$defs/a"}"##, ["#/$defs/a", "does not hold"]), (#"{"$ref": 3}"#, ["$ref"]),
            (##"{"$ref": "#"}"##, ["nothing but itself"]),
            (
                ##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
                ["nothing but"]
            ),
            (##"{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}"##, ["for ever"]),
            ("3", ["no object"]),
        ] { try check(schema, .invalidRequest, words) }
    }

    func testSchemasWithoutEndAreRefused() throws {
        var deep: JSONValue = ["type": "null"]
        for _ in 0..<70 { deep = ["type": "array", "items": deep] }
        check(deep, .invalidRequest, ["nested deeper"])
        var chain: [String: JSONValue] = [:]
        for place in 0..<70 {
            chain["d\(place)"] = [
                "type": "array", "minItems": 1, "items": ["$ref": .string("#/$defs/d\(place + 1)")],
            ]
        }
        chain["d70"] = ["type": "null"]
        check(["$ref": "#/$defs/d0", "$defs": .object(chain)], .invalidRequest, ["nested deeper"])
        let many = (0..<5_000).map { JSONValue.object(["type": "string", "maxLength": .integer($0)]) }
        check(["anyOf": .array(many)], .invalidRequest, ["more than 4096 values"])
        let wide = (0..<300).map { ("p\($0)", ["type": "null"] as JSONValue) }
        check(
            ["type": "object", "properties": .object(Dictionary(uniqueKeysWithValues: wide))], .invalidRequest,
            ["256 properties"])
    }

    func testLongChainsOfDefinitionsCompile() throws {
        var chain: [String: JSONValue] = ["d3000": ["type": "null"]]
        for place in 0..<3_000 { chain["d\(place)"] = ["$ref": .string("#/$defs/d\(place + 1)")] }
        let schema: JSONValue = ["$ref": "#/$defs/d0", "$defs": .object(chain)]
        var grammar: JSONSchemaGrammar?
        let time = try ContinuousClock().measure { grammar = try JSONSchemaGrammar(schema: schema) }
        XCTAssertEqual(GrammarState(try XCTUnwrap(grammar)).forcedBytes, Array("null".utf8))
        XCTAssertLessThan(time, .seconds(5))
    }

    func testWordsAboutTheSchemaMeanNothing() throws {
        let schema = try JSONValue(
            parsing: #"""
                {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "description": "d",
                 "type": "null", "default": null, "examples": [null], "$comment": "c", "deprecated": true,
                 "readOnly": true, "writeOnly": true, "$defs": {"unused": {"pattern": "a"}}}
                """#)
        XCTAssertEqual(GrammarState(try JSONSchemaGrammar(schema: schema)).forcedBytes, Array("null".utf8))
    }

    func testEqualSchemasAreEqualGrammars() throws {
        let first = try JSONSchemaGrammar(schema: ["type": "string"])
        let second = try JSONSchemaGrammar(schema: ["type": "string"])
        XCTAssertEqual(first, second)
        XCTAssertEqual(Set([first, second]).count, 1)
        XCTAssertNotEqual(first, try JSONSchemaGrammar(schema: ["type": "null"]))
    }

    private func check(
        _ schema: String, _ code: LanguageModelError.Code, _ words: [String], line: UInt = #line
    ) throws { check(try JSONValue(parsing: schema), code, words, line: line) }

    private func check(
        _ schema: JSONValue, _ code: LanguageModelError.Code, _ words: [String], line: UInt = #line
    ) {
        XCTAssertThrowsError(try JSONSchemaGrammar(schema: schema), "\(words)", line: line) { error in
            XCTAssertEqual((error as? LanguageModelError)?.code, code, "\(error)", line: line)
            for word in words { XCTAssertTrue("\(error)".contains(word), "\(error) does not say: \(word)", line: line) }
        }
    }
}
