import JSON

/// Turns a schema into the tables of its automaton.
struct SchemaCompiler {
    private let document: JSONValue
    private var values: [GrammarValue] = []
    /// Where each value's schema stands, the first of equal ones.
    private var paths: [String] = []
    private var forks: [GrammarFork] = []
    /// Equal values and forks are one, so that an `anyOf` of equal values is no choice.
    private var valueNumbers: [GrammarValue: Int] = [:]
    private var forkNumbers: [GrammarFork: Int] = [:]
    /// The values of `$ref`s by their text, and those that are not compiled yet: a list and no recursion, so that a
    /// chain of definitions cannot exhaust the stack.
    private var references: [String: Int] = [:]
    private var waiting: [(number: Int, node: SchemaNode)] = []

    /// Schemas inside each other, and values of one schema.
    static let maximumDepth = 64
    private static let maximumValues = 4_096
    /// A fork for each property names up to all of those behind it.
    static let maximumProperties = 256

    /// - Throws: as ``JSONSchemaGrammar/init(schema:)``.
    static func compile(_ schema: JSONValue) throws(LanguageModelError) -> GrammarTables {
        var compiler = SchemaCompiler(document: schema)
        return try compiler.tables()
    }

    private init(document: JSONValue) { self.document = document }

    private mutating func tables() throws(LanguageModelError) -> GrammarTables {
        try reserve("#", SchemaNode(document, at: "#"))
        while let (number, node) = waiting.popLast() { values[number] = try value(node, depth: 0) }
        for number in values.indices { try flatten(number) }
        let shortest = ShortestTexts(values: values, forks: forks)
        let depths = shortest.depths(upTo: GrammarTables.maximumDepth)
        for number in values.indices {
            let length = shortest.valueLengths[number]
            if length >= ShortestTexts.endless {
                throw failure(number, "a value would have to contain itself for ever")
            }
            if length >= ShortestTexts.longest {
                throw failure(
                    number, "the shortest value has \(ShortestTexts.longest) bytes or more; lower its minimum")
            }
            if depths[number] > GrammarTables.maximumDepth {
                throw failure(number, "the shortest value is nested deeper than \(GrammarTables.maximumDepth)")
            }
        }
        return GrammarTables(values: values, forks: forks, shortest: shortest)
    }

    private func failure(_ number: Int, _ reason: String) -> LanguageModelError {
        LanguageModelError(.invalidRequest, "the schema's \(paths[number]): \(reason)")
    }

    // MARK: Numbers

    /// The value of a schema inside another one.
    mutating func number(_ node: SchemaNode, depth: Int) throws(LanguageModelError) -> Int {
        guard depth < Self.maximumDepth else { throw node.fail("schemas are nested deeper than \(Self.maximumDepth)") }
        return try number(value(node, depth: depth + 1), node)
    }

    /// The number of a value, the same for equal ones.
    mutating func number(_ value: GrammarValue, _ node: SchemaNode) throws(LanguageModelError) -> Int {
        if let number = valueNumbers[value] { return number }
        valueNumbers[value] = values.count
        return try append(value, node)
    }

    private mutating func append(_ value: GrammarValue, _ node: SchemaNode) throws(LanguageModelError) -> Int {
        guard values.count < Self.maximumValues else { throw node.fail("there are more than \(values.count) values") }
        values.append(value)
        paths.append(node.path)
        return values.count - 1
    }

    /// The number of a fork, the same for equal ones; the branches may come in any order.
    mutating func number(_ fork: [GrammarBranch]) -> Int {
        let fork = fork.sorted { $0.text.lexicographicallyPrecedes($1.text) }
        if let number = forkNumbers[fork] { return number }
        forkNumbers[fork] = forks.count
        forks.append(fork)
        return forks.count - 1
    }

    // MARK: Alternatives and references

    /// The value of an `anyOf`.
    mutating func alternatives(
        _ schemas: JSONValue, _ node: SchemaNode, depth: Int
    ) throws(LanguageModelError) -> GrammarValue {
        guard let schemas = schemas.array, !schemas.isEmpty else {
            throw node.fail("anyOf has no schema to choose from")
        }
        var numbers: [Int] = []
        for (place, schema) in schemas.enumerated() {
            numbers.append(try number(node.child("anyOf", schema, String(place)), depth: depth))
        }
        return .alternatives(numbers)
    }

    /// The number of the value that a `$ref` names.
    mutating func reference(_ value: JSONValue, _ node: SchemaNode) throws(LanguageModelError) -> Int {
        guard let text = value.string else { throw node.fail("$ref is no text") }
        if let number = references[text] { return number }
        for keyword in SchemaNode.definitions where text.hasPrefix("#/\(keyword)/") {
            let name = text.dropFirst(keyword.count + 3).replacing("~1", with: "/").replacing("~0", with: "~")
            guard let schema = document[keyword]?[String(name)] else {
                throw node.fail("$ref is \"\(text)\", which the schema does not hold")
            }
            return try reserve(text, SchemaNode(schema, at: text))
        }
        throw LanguageModelError(
            .unsupportedGrammar,
            "the schema's \(node.path) has $ref \"\(text)\"; only # and definitions under #/$defs/ can be compiled")
    }

    /// A number for a value that is compiled later.
    @discardableResult
    private mutating func reserve(_ reference: String, _ node: SchemaNode) throws(LanguageModelError) -> Int {
        let number = try append(.alternatives([]), node)
        references[reference] = number
        waiting.append((number, node))
        return number
    }

    /// Names a value's alternatives themselves in place of alternatives among them. One that is the value again adds
    /// nothing.
    private mutating func flatten(_ number: Int) throws(LanguageModelError) {
        guard case .alternatives(let alternatives) = values[number] else { return }
        var seen: Set = [number]
        var distinct: Set<GrammarValue> = []
        var flat: [Int] = []
        var open = Array(alternatives.reversed())
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            if case .alternatives(let inner) = values[next] {
                open += inner.reversed()
            } else if distinct.insert(values[next]).inserted {
                flat.append(next)
            }
        }
        guard !flat.isEmpty else { throw failure(number, "the schema refers to nothing but itself") }
        values[number] = .alternatives(flat)
    }
}
