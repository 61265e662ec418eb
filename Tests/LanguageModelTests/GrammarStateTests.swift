import Foundation
import JSON
import LanguageModel
import XCTest

final class GrammarStateTests: XCTestCase {
    func testAcceptsWhatSatisfiesTheSchemaInItsOneForm() throws {
        let grammar = try Self.grammar(
            #"""
            {"type": "object", "required": ["name", "seats"], "properties": {
                "seats": {"type": "integer", "minimum": 1, "maximum": 500},
                "name": {"type": "string", "minLength": 1, "maxLength": 4},
                "tags": {"type": "array", "items": {"enum": ["a", "ab"]}, "minItems": 1, "maxItems": 2},
                "price": {"type": ["number", "null"]}}}
            """#)
        check(
            grammar,
            accepts: [
                #"{"name": "Ana", "seats": 500}"#, #"{"name": "\"é\n", "seats": 1, "price": -0.5}"#,
                #"{"name": "👍🏽", "seats": 12, "price": null, "tags": ["ab", "a"]}"#,
                #"{"name": "a", "seats": 12, "tags": ["a"]}"#, #"{"name": "a", "seats": 12, "price": 10.250000}"#,
            ],
            refuses: [
                #"{"seats": 5, "name": "Ana"}"#, #"{"name":"Ana", "seats": 5}"#, #"{"name": "Anaïs", "seats": 5}"#,
                #"{"name": "", "seats": 5}"#, #"{"name": "a", "seats": 501}"#, #"{"name": "a", "seats": 0}"#,
                #"{"name": "a", "seats": 05}"#, #"{"name": "a", "seats": 5.0}"#, #"{"name": "a"}"#,
                #"{"name": "a", "seats": 5, "tags": []}"#, #"{"name": "a", "seats": 5, "tags": ["a", "a", "a"]}"#,
                #"{"name": "a", "seats": 5, "tags": ["b"]}"#, #"{"name": "a", "seats": 5, "price": 1e5}"#,
                #"{"name": "a", "seats": 5, "price": -0.0}"#, #"{"name": "a", "seats": 5, "price": 0.1234567}"#,
                #"{"name": "a", "seats": 5} "#, #" {"name": "a", "seats": 5}"#, "{\"name\": \"\n\", \"seats\": 5}",
                #"{"name": "\u0041", "seats": 5}"#, #"{"name": "a", "seats": 5, "other": 1}"#, "",
            ])
    }

    func testStringsAreWellFormedUTF8() throws {
        let grammar = try Self.grammar(#"{"type": "string"}"#)
        let quote = UInt8(ascii: "\"")
        for scalar in [
            "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}",
        ] {
            XCTAssertTrue(Self.isDocument([quote] + scalar.utf8 + [quote], grammar), scalar.debugDescription)
        }
        // A stray continuation, overlong forms, half a surrogate pair, a number beyond Unicode, half a character.
        for bytes: [UInt8] in [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82],
        ] {
            XCTAssertFalse(Self.isDocument([quote] + bytes + [quote], grammar), "\(bytes)")
        }
    }

    func testNumbersKeepTheirBoundsDigitByDigit() throws {
        for (low, high) in [(-12, 105), (3, 3), (-7, -7), (95, 100), (-1, 0), (0, 9), (-20, -5), (100, 2000)] {
            for (type, texts) in [("integer", Self.integers), ("number", Self.decimals)] {
                let grammar = try Self.grammar(#"{"type": "\#(type)", "minimum": \#(low), "maximum": \#(high)}"#)
                for text in texts {
                    let isWithin = (Double(low)...Double(high)).contains(Double(text) ?? .nan)
                    XCTAssertEqual(
                        Self.isDocument(Array(text.utf8), grammar), isWithin, "\(text) in \(low)...\(high), \(type)")
                }
            }
        }
    }

    func testBoundsAreThoseOfReadNumbers() throws {
        check(
            try Self.grammar(#"{"type": "number", "minimum": 0.1, "maximum": 0.3}"#),
            accepts: ["0.1", "0.3", "0.100000"], refuses: ["0.099999", "0.300001", "0.0"])
        check(
            try Self.grammar(#"{"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.3}"#),
            accepts: ["0.100001", "0.299999"], refuses: ["0.1", "0.3"])
        check(
            try Self.grammar(#"{"type": "integer", "minimum": 1.5, "exclusiveMaximum": 4}"#), accepts: ["2", "3"],
            refuses: ["1", "4"])
        check(
            try Self.grammar(#"{"type": "integer"}"#), accepts: ["9007199254740991", "-9007199254740991"],
            refuses: ["9007199254740992", "-9007199254740992", "-0", "00", "1.0"])
        check(
            try Self.grammar(#"{"type": "number", "minimum": -1e300, "maximum": 1e300}"#),
            accepts: ["999999999999.999999", "-999999999999.999999"], refuses: ["1000000000000", "6989368092820"])
    }

    func testForcedBytesGoOnToTheNextChoice() throws {
        let grammar = try Self.grammar(
            #"""
            {"type": "object", "required": ["kind", "size"], "properties": {
                "kind": {"enum": ["very good", "very bad"]}, "size": {"type": "integer", "minimum": 7, "maximum": 7}}}
            """#)
        var state = GrammarState(grammar)
        XCTAssertEqual(Self.text(state.forcedBytes), #"{"kind": "very "#)
        XCTAssertEqual(Self.text(state.shortestCompletion), #"{"kind": "very bad", "size": 7}"#)
        XCTAssertTrue(#"{"kind": "very g"#.utf8.allSatisfy { state.advance($0) })
        XCTAssertFalse(state.isComplete)
        XCTAssertEqual(Self.text(state.forcedBytes), #"ood", "size": 7}"#)
        XCTAssertTrue(state.forcedBytes.allSatisfy { state.advance($0) })
        XCTAssertTrue(state.mustEnd)
        XCTAssertEqual(state.forcedBytes, [])
        XCTAssertEqual(state.shortestCompletion, [])
        XCTAssertFalse(state.advance(UInt8(ascii: " ")))
        XCTAssertTrue(state.mustEnd, "a refused byte changes nothing")
    }

    func testANumberAloneMayEndOrGoOn() throws {
        var state = GrammarState(try Self.grammar(#"{"enum": [1, 12, "x"]}"#))
        XCTAssertTrue(state.advance(UInt8(ascii: "1")))
        XCTAssertTrue(state.isComplete)
        XCTAssertFalse(state.mustEnd)
        XCTAssertEqual(state.forcedBytes, [], "to end is a choice too")
        XCTAssertTrue(state.advance(UInt8(ascii: "2")))
        XCTAssertTrue(state.mustEnd)
    }

    func testAlternativesThatBeginAlikeAreToldApartLater() throws {
        let grammar = try Self.grammar(
            #"""
            {"anyOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "number"}, "b": {"const": null}}},
                {"type": "array", "items": {"$ref": "#"}}, {"const": [1, 2]}]}
            """#)
        check(
            grammar,
            accepts: [
                #"{"a": 1}"#, #"{"a": 1, "b": null}"#, #"{"a": 1.5, "b": null}"#, "[1, 2]", "[]", "[[], [[1, 2]]]",
            ],
            refuses: [#"{"a": 1.5}"#, "[1]", "[1, 2, 3]", #"{"b": null}"#])
    }

    func testDocumentsThatContainThemselvesComeToAnEnd() throws {
        let grammar = try Self.grammar(##"{"type": "array", "items": {"$ref": "#"}}"##)
        var state = GrammarState(grammar)
        var depth = 0
        while state.advance(UInt8(ascii: "[")) { depth += 1 }
        XCTAssertEqual(depth, 65, "the innermost array is of the shortest form")
        XCTAssertEqual(Self.text(state.shortestCompletion), String(repeating: "]", count: 65))
        XCTAssertNotNil(
            try? JSONValue(parsing: String(repeating: "[", count: 65) + Self.text(state.shortestCompletion)))
    }

    func testManyReadingsAtOnceStayFew() throws {
        // Every bracket doubles the ways to read it.
        let grammar = try Self.grammar(
            #"""
            {"$defs": {"t": {"anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/t"}, "maxItems": 3},
                {"type": "array", "items": {"$ref": "#/$defs/t"}, "maxItems": 5}]}}, "$ref": "#/$defs/t"}
            """#)
        let text = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let time = ContinuousClock().measure { XCTAssertTrue(Self.isDocument(Array(text.utf8), grammar)) }
        XCTAssertLessThan(time, .seconds(1))
    }

    /// Walks at random under random schemas: every walk ends in a document that reads and satisfies its schema.
    func testWhateverIsWrittenSatisfiesTheSchema() throws {
        var samples = SchemaSamples(seed: 2)
        var random = SplitMix64(seed: 3)
        var lengths = 0
        for _ in 0..<400 {
            let schema = samples.next()
            let grammar = try JSONSchemaGrammar(schema: schema)
            for _ in 0..<6 {
                let steps = Int.random(in: 0..<120, using: &random)
                let bytes = walk(grammar, steps: steps, &random)
                let document = try JSONValue(parsing: Data(bytes))
                XCTAssertTrue(
                    SchemaChecker(schema: schema).isSatisfied(by: document),
                    "\(Self.text(bytes)) under \(schema.canonicalText)")
                lengths += bytes.count
            }
        }
        XCTAssertGreaterThan(lengths, 400 * 6 * 10, "the walks lead somewhere")
    }

    /// Bytes drawn at random, quotation marks and ends a little more often, and the shortest completion after them.
    private func walk(_ grammar: JSONSchemaGrammar, steps: Int, _ random: inout SplitMix64) -> [UInt8] {
        var state = GrammarState(grammar)
        var bytes: [UInt8] = []
        for step in 0..<steps where !state.mustEnd {
            let allowed = state.allowedBytes
            XCTAssertGreaterThan(allowed.count, 0)
            if step % 16 == 0 { checkStep(state, after: bytes) }
            var byte = allowed.bytes[Int.random(in: 0..<allowed.count, using: &random)]
            if Int.random(in: 0..<3, using: &random) == 0, allowed.contains(UInt8(ascii: "\"")) {
                byte = UInt8(ascii: "\"")
            }
            XCTAssertTrue(state.advance(byte))
            bytes.append(byte)
            if state.isComplete, Int.random(in: 0..<2, using: &random) == 0 { return bytes }
        }
        let completion = state.shortestCompletion
        XCTAssertTrue(completion.allSatisfy { state.advance($0) })
        XCTAssertTrue(state.isComplete)
        return bytes + completion
    }

    /// The bytes that a state names are those that it takes, and its completion is one byte longer than the shortest
    /// behind any of them.
    private func checkStep(_ state: GrammarState, after bytes: [UInt8]) {
        var shortest = Int.max
        for byte in UInt8.min...UInt8.max {
            var next = state
            let isTaken = next.advance(byte)
            XCTAssertEqual(isTaken, state.allowedBytes.contains(byte), "\(byte) after \(Self.text(bytes))")
            if isTaken { shortest = min(shortest, next.shortestCompletion.count) }
        }
        let completion = state.shortestCompletion
        XCTAssertTrue(state.accepts(completion))
        if !state.isComplete { XCTAssertEqual(completion.count, shortest + 1, "after \(Self.text(bytes))") }
    }

    // MARK: Documents

    private func check(_ grammar: JSONSchemaGrammar, accepts: [String], refuses: [String], line: UInt = #line) {
        for text in accepts { XCTAssertTrue(Self.isDocument(Array(text.utf8), grammar), text, line: line) }
        for text in refuses { XCTAssertFalse(Self.isDocument(Array(text.utf8), grammar), text, line: line) }
    }

    private static func isDocument(_ bytes: [UInt8], _ grammar: JSONSchemaGrammar) -> Bool {
        var state = GrammarState(grammar)
        return bytes.allSatisfy { state.advance($0) } && state.isComplete
    }

    private static func grammar(_ schema: String) throws -> JSONSchemaGrammar {
        try JSONSchemaGrammar(schema: JSONValue(parsing: schema))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static let integers = (-2500...2500).map(String.init)
    /// With one and two digits behind the point.
    private static let decimals = (-1300...1300).flatMap { number in
        [String(format: "%.1f", Double(number) / 10), String(format: "%.2f", Double(number) / 100)]
    }.filter { !["-0.0", "-0.00"].contains($0) }
}
