import Foundation
import JSON

/// Whether a document satisfies a schema, told by walking both: nothing here knows the grammar's tables.
struct SchemaChecker {
    let schema: JSONValue

    func isSatisfied(by document: JSONValue) -> Bool { isSatisfied(by: document, schema) }

    private func isSatisfied(by value: JSONValue, _ schema: JSONValue) -> Bool {
        if let reference = schema["$ref"]?.string {
            guard reference != "#" else { return isSatisfied(by: value, self.schema) }
            let name = String(reference.split(separator: "/").last ?? "")
            return (self.schema["$defs"]?[name]).map { isSatisfied(by: value, $0) } ?? false
        }
        if let alternatives = schema["anyOf"]?.array {
            return alternatives.contains { isSatisfied(by: value, $0) }
        }
        if let constant = schema["const"] { return value == constant }
        if let constants = schema["enum"]?.array { return constants.contains(value) }
        let types = schema["type"]?.string.map { [$0] } ?? schema["type"]?.array?.compactMap(\.string) ?? []
        return types.contains { isSatisfied(by: value, $0, schema) }
    }

    private func isSatisfied(by value: JSONValue, _ type: String, _ schema: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool): return true
        case ("string", .string(let text)): return isWithin(text.unicodeScalars.count, "Length", schema)
        case ("integer", .integer), ("number", .integer), ("number", .number):
            let number = value.double ?? .nan
            return number >= schema["minimum"]?.double ?? -.infinity && number <= schema["maximum"]?.double ?? .infinity
                && number > schema["exclusiveMinimum"]?.double ?? -.infinity
                && number < schema["exclusiveMaximum"]?.double ?? .infinity
        case ("array", .array(let elements)):
            let item = schema["items"] ?? .null
            return isWithin(elements.count, "Items", schema) && elements.allSatisfy { isSatisfied(by: $0, item) }
        case ("object", .object(let members)):
            let required = schema["required"]?.array?.compactMap(\.string) ?? []
            return required.allSatisfy { members[$0] != nil }
                && members.allSatisfy { name, value in
                    (schema["properties"]?[name]).map { isSatisfied(by: value, $0) } ?? false
                }
        default: return false
        }
    }

    private func isWithin(_ count: Int, _ suffix: String, _ schema: JSONValue) -> Bool {
        count >= schema["min\(suffix)"]?.integer ?? 0 && count <= schema["max\(suffix)"]?.integer ?? .max
    }
}
