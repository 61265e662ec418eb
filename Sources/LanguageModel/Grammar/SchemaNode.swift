import JSON

/// One schema inside a schema, and where it stands; reads keywords and says what is wrong with them.
struct SchemaNode {
    /// A JSON pointer into the document: `#/properties/name`.
    let path: String
    private let members: [String: JSONValue]

    /// Keywords that say nothing about the value.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema",
    ]
    /// Where the document keeps schemas to refer to.
    static let definitions = ["$defs", "definitions"]

    /// - Throws: `invalidRequest` for what is no object. `true` and `{}`, which allow anything, are `unsupportedGrammar`
    ///   further on.
    init(_ schema: JSONValue, at path: String) throws(LanguageModelError) {
        self.path = path
        guard let members = schema.object else {
            throw LanguageModelError(.invalidRequest, "the schema's \(path) is no object; write a schema there")
        }
        self.members = members
    }

    func has(_ keyword: String) -> Bool { members[keyword] != nil }

    subscript(keyword: String) -> JSONValue? { members[keyword] }

    /// - Throws: `unsupportedGrammar` if there is any other keyword, but for those that say nothing.
    func allowOnly(_ keywords: some Sequence<String>) throws(LanguageModelError) {
        var allowed = Self.annotations.union(keywords)
        if path == "#" { allowed.formUnion(Self.definitions) }
        guard let other = members.keys.filter({ !allowed.contains($0) }).min() else { return }
        throw LanguageModelError(
            .unsupportedGrammar,
            "the schema's \(path) has \"\(other)\", which cannot be compiled there; leave it out, and check the text "
                + "afterwards")
    }

    /// An `invalidRequest` that says what is wrong here.
    func fail(_ reason: String) -> LanguageModelError {
        LanguageModelError(.invalidRequest, "the schema's \(path): \(reason)")
    }

    /// The schema inside a keyword.
    func child(_ keyword: String, _ schema: JSONValue, _ place: String? = nil) throws(LanguageModelError) -> SchemaNode
    {
        let escaped = place.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") } ?? ""
        return try SchemaNode(schema, at: "\(path)/\(keyword)\(escaped)")
    }

    /// A number of characters, elements or the like.
    func count(_ keyword: String) throws(LanguageModelError) -> Int? {
        guard let value = members[keyword] else { return nil }
        guard let count = value.integer, count >= 0 else {
            throw fail("\(keyword) is \(value.canonicalText); write an integer from 0 on")
        }
        return Int(count)
    }

    /// A number.
    func number(_ keyword: String) throws(LanguageModelError) -> Double? {
        guard let value = members[keyword] else { return nil }
        guard let number = value.double, number.isFinite else {
            throw fail("\(keyword) is \(value.canonicalText); write a number")
        }
        return number
    }

    /// A list of different names.
    func names(_ keyword: String) throws(LanguageModelError) -> [String] {
        guard let value = members[keyword] else { return [] }
        let names = value.array?.compactMap(\.string) ?? []
        guard names.count == value.array?.count, Set(names).count == names.count else {
            throw fail("\(keyword) is no list of different names")
        }
        return names
    }

    /// The bounds that a pair of keywords sets, both of them counts.
    func counts(_ lower: String, _ upper: String) throws(LanguageModelError) -> (minimum: Int, maximum: Int?) {
        let (minimum, maximum) = (try count(lower) ?? 0, try count(upper))
        if let maximum, minimum > maximum { throw fail("\(lower) \(minimum) is above \(upper) \(maximum)") }
        return (minimum, maximum)
    }
}
