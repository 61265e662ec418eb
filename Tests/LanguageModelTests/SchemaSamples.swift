import JSON
import LanguageModel

/// Schemas made at random inside the subset, all of which can be satisfied.
struct SchemaSamples {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// A schema with two definitions, which it and they may refer to.
    mutating func next() -> JSONValue {
        var schema = value(depth: 3).object ?? [:]
        schema["$defs"] = .object(["pair": value(depth: 2), "tree": .object(tree)])
        return .object(schema)
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch below(depth > 0 ? 12 : 7) {
        case 0: return limited("string", "minLength", "maxLength", upTo: 8)
        case 1: return limited("integer", "minimum", "maximum", upTo: 300)
        case 2: return limited("number", "exclusiveMinimum", "exclusiveMaximum", upTo: 20)
        case 3: return .object(["type": .string(below(2) == 0 ? "boolean" : "null")])
        case 4: return .object(["enum": .array((0...below(5)).map { _ in constant(depth: 1) })])
        case 5: return .object(["const": constant(depth: 2)])
        case 6: return .object(["type": .array(["string", "null", "integer"]), "maxLength": 5, "minimum": -3])
        case 7, 8: return object(depth: depth)
        case 9:
            var array = limited("array", "minItems", "maxItems", upTo: 5).object ?? [:]
            array["items"] = value(depth: depth - 1)
            return .object(array)
        case 10: return .object(["anyOf": .array((0...below(3)).map { _ in value(depth: depth - 1) })])
        default: return .object(["$ref": "#/$defs/tree"])
        }
    }

    /// A node with any number of nodes below it.
    private var tree: [String: JSONValue] {
        [
            "type": "object", "required": ["label"],
            "properties": [
                "label": ["type": "string", "maxLength": 3],
                "below": ["type": "array", "items": ["$ref": "#/$defs/tree"]],
            ],
        ]
    }

    private mutating func object(depth: Int) -> JSONValue {
        let names = ["a", "ab", "b\"c", "é", "name", "nam"].shuffled(using: &random).prefix(below(5))
        var properties: [String: JSONValue] = [:]
        for name in names { properties[name] = value(depth: depth - 1) }
        let required = names.filter { _ in below(2) == 0 }
        return .object([
            "type": "object", "properties": .object(properties), "required": .array(required.map(JSONValue.string)),
            "additionalProperties": false,
        ])
    }

    private mutating func constant(depth: Int) -> JSONValue {
        switch below(depth > 0 ? 8 : 6) {
        case 0: .null
        case 1: .bool(below(2) == 0)
        case 2: .integer(Int64(below(200)) - 100)
        case 3: .number([0.5, -1.25, 1e300][below(3)])
        case 4, 5: .string(["", "yes", "yes, \"sure\"", "é\n", "è", "ye"][below(6)])
        case 6: .array((0..<below(3)).map { _ in constant(depth: depth - 1) })
        default: .object(["k": constant(depth: depth - 1)])
        }
    }

    /// A type with neither, one or both of two bounds.
    private mutating func limited(_ type: String, _ lower: String, _ upper: String, upTo limit: Int) -> JSONValue {
        let low = below(limit)
        var schema: [String: JSONValue] = ["type": .string(type)]
        if below(2) == 0 { schema[lower] = .integer(Int64(low)) }
        if below(2) == 0 { schema[upper] = .integer(Int64(low + 1 + below(limit))) }
        return .object(schema)
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
}
