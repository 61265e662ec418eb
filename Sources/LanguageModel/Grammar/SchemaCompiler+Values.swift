import JSON

extension SchemaCompiler {
    /// What a schema describes.
    mutating func value(_ node: SchemaNode, depth: Int) throws(LanguageModelError) -> GrammarValue {
        if let reference = node["$ref"] {
            try node.allowOnly(["$ref"])
            return .alternatives([try self.reference(reference, node)])
        }
        if let alternatives = node["anyOf"] {
            try node.allowOnly(["anyOf"])
            return try self.alternatives(alternatives, node, depth: depth)
        }
        let types = try node.types()
        if node.has("const") || node.has("enum") {
            try node.allowOnly(["type", node.has("const") ? "const" : "enum"])
            return try fixed(node, types)
        }
        guard !types.isEmpty else {
            throw LanguageModelError(
                .unsupportedGrammar,
                "the schema's \(node.path) allows any value; give it a type (\(SchemaNode.typeNames)), enum, const, "
                    + "anyOf or $ref")
        }
        try node.allowOnly(["type"] + types.flatMap(\.keywords))
        var numbers: [Int] = []
        for type in types {
            let value = try value(of: type, node, depth: depth)
            guard types.count > 1 else { return value }
            numbers.append(try number(value, node))
        }
        return .alternatives(numbers)
    }

    private mutating func value(
        of type: SchemaType, _ node: SchemaNode, depth: Int
    ) throws(LanguageModelError) -> GrammarValue {
        switch type {
        case .object: return try object(node, depth: depth)
        case .string:
            let (minimum, maximum) = try node.counts("minLength", "maxLength")
            return .string(
                StringLimits(
                    minimum: Int32(min(minimum, ShortestTexts.longest)),
                    maximum: maximum.flatMap(Int32.init(exactly:)) ?? StringLimits.unlimited))
        case .integer: return .number(try NumberRange.integers.narrowed(by: node))
        case .number: return .number(try NumberRange.decimals.narrowed(by: node))
        case .boolean: return .fixed(fork: number(["false", "true"].map { GrammarBranch($0.utf8, .end) }))
        case .null: return .fixed(fork: number([GrammarBranch("null".utf8, .end)]))
        case .array:
            let (minimum, maximum) = try node.counts("minItems", "maxItems")
            guard let items = node["items"] else { throw node.fail("an array needs items: the schema of its elements") }
            let item = try number(node.child("items", items), depth: depth)
            return .array(ArrayForm(item: item, minimum: min(minimum, ShortestTexts.longest), maximum: maximum))
        }
    }

    private mutating func fixed(_ node: SchemaNode, _ types: [SchemaType]) throws(LanguageModelError) -> GrammarValue {
        let constants = node["const"].map { [$0] } ?? node["enum"]?.array ?? []
        guard !constants.isEmpty else { throw node.fail("enum has no value to choose from") }
        var texts: Set<[UInt8]> = []
        for constant in constants {
            guard types.isEmpty || types.contains(where: { $0.includes(constant) }) else {
                throw node.fail("\(constant.canonicalText) is not of the type that the schema names")
            }
            guard let text = constant.grammarText(depth: Self.maximumDepth) else {
                throw node.fail("a value of enum or const is nested deeper than \(Self.maximumDepth), or no number")
            }
            texts.insert(Array(text.utf8))
        }
        return .fixed(fork: number(texts.map { GrammarBranch($0, .end) }))
    }
}
