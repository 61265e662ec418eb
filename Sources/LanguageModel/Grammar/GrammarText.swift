import JSON

extension JSONValue {
    /// The value in the form of a grammar's documents: `{"a": 1, "b": [2, 3]}`, members by name.
    ///
    /// - Parameter depth: how deep containers may lie inside each other.
    /// - Returns: `nil` where they lie deeper, or a number is infinite or none.
    func grammarText(depth: Int) -> String? {
        switch self {
        case .null, .bool, .integer, .string: return canonicalText
        case .number(let number): return number.isFinite ? canonicalText : nil
        case .array(let elements):
            guard depth > 0 else { return nil }
            let texts = elements.compactMap { $0.grammarText(depth: depth - 1) }
            return texts.count == elements.count ? "[\(texts.joined(separator: ", "))]" : nil
        case .object(let members):
            guard depth > 0 else { return nil }
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            let texts = sorted.compactMap { name, value in
                value.grammarText(depth: depth - 1).map { "\(JSONValue.string(name).canonicalText): \($0)" }
            }
            return texts.count == members.count ? "{\(texts.joined(separator: ", "))}" : nil
        }
    }
}
