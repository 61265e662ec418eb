import JSON

/// What a schema's `type` can name.
enum SchemaType: String, CaseIterable {
    case object, array, string, integer, number, boolean, null

    /// The keywords that say more about a value of the type.
    var keywords: [String] {
        switch self {
        case .object: ["properties", "required", "additionalProperties"]
        case .array: ["items", "minItems", "maxItems"]
        case .string: ["minLength", "maxLength"]
        case .integer, .number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
        case .boolean, .null: []
        }
    }

    /// Whether a value is of the type.
    func includes(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.object, .object), (.array, .array), (.string, .string), (.integer, .integer), (.number, .integer),
            (.number, .number), (.boolean, .bool), (.null, .null):
            true
        default: false
        }
    }
}

extension SchemaNode {
    /// The types that a schema names; empty if it names none.
    func types() throws(LanguageModelError) -> [SchemaType] {
        guard let value = self["type"] else { return [] }
        var names: [String] = []
        if let name = value.string { names = [name] } else { names = try self.names("type") }
        let types = names.compactMap(SchemaType.init)
        guard !types.isEmpty, types.count == names.count else {
            throw fail("type is \(value.canonicalText); the types are \(Self.typeNames)")
        }
        return types
    }

    static var typeNames: String { SchemaType.allCases.map(\.rawValue).joined(separator: ", ") }
}
