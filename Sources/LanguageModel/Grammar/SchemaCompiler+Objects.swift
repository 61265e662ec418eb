import JSON

extension SchemaCompiler {
    /// An object's members: the required ones in their order, and then any of the others.
    mutating func object(_ node: SchemaNode, depth: Int) throws(LanguageModelError) -> GrammarValue {
        guard let properties = node["properties"]?.object else {
            throw node.fail("an object needs properties: the schema of each of its members")
        }
        if let others = node["additionalProperties"], others != .bool(false) {
            throw LanguageModelError(
                .unsupportedGrammar,
                "the schema's \(node.path) has \"additionalProperties\"; only false can be compiled")
        }
        guard properties.count <= Self.maximumProperties else {
            throw node.fail("there are more than \(Self.maximumProperties) properties")
        }
        let required = try node.names("required")
        if let missing = required.first(where: { properties[$0] == nil }) {
            throw node.fail("required names \"\(missing)\", which is not among the properties")
        }
        let others = properties.keys.filter { !required.contains($0) }
        var members: [(name: String, value: Int)] = []
        for name in required + others.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let property = properties[name] else { continue }
            members.append((name, try number(node.child("properties", property, name), depth: depth)))
        }
        // What can stand behind each member, from the last one on.
        var next = [number([GrammarBranch("}".utf8, .end)])]
        for place in members.indices.reversed() {
            let begin = place == 0 ? "{" : ", "
            // The next required member, or any of the optional ones, which all come behind.
            let isRequired = place < required.count
            let candidates = place..<(isRequired ? place + 1 : members.count)
            var fork = candidates.map { candidate in
                GrammarBranch(
                    "\(begin)\(JSONValue.string(members[candidate].name).canonicalText): ".utf8,
                    .member(value: members[candidate].value, next: next[members.count - 1 - candidate]))
            }
            if !isRequired { fork.append(GrammarBranch((place == 0 ? "{}" : "}").utf8, .end)) }
            next.append(number(fork))
        }
        if members.isEmpty { next.append(number([GrammarBranch("{}".utf8, .end)])) }
        return .object(fork: next[next.count - 1])
    }
}
