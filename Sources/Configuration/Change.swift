public import JSON

/// What applying does to one declared object.
public struct Change: Sendable, Hashable, Codable {
    /// What happens to it.
    public enum Action: String, Sendable, Hashable, Codable {
        case created, changed, unchanged
    }

    /// What it is.
    public let kind: Declaration.Kind
    /// Its tenant's name.
    public let tenant: String
    /// Its name.
    public let name: String
    /// What happens to it.
    public let action: Action
    /// The version that is in force afterwards.
    public let version: Int
    /// What differs; empty unless it changes.
    public let fields: [FieldChange]
}

/// One place in which a declaration differs from the one in force.
public struct FieldChange: Sendable, Hashable, Codable {
    /// The place by JSON path.
    public let path: String
    /// What stood there; nothing for something new and for secrets.
    public let before: JSONValue?
    /// What will stand there; nothing for something that goes and for secrets.
    public let after: JSONValue?

    /// Creates a difference.
    public init(path: String, before: JSONValue?, after: JSONValue?) {
        self.path = path
        self.before = before
        self.after = after
    }

    /// Every difference between two values, at the deepest place where they part, in the order of paths.
    static func between(_ before: JSONValue, _ after: JSONValue, at path: String = "") -> [FieldChange] {
        guard before != after else { return [] }
        switch (before, after) {
        case (.object(let old), .object(let new)):
            return Set(old.keys).union(new.keys).sorted().flatMap { key in
                difference(old[key], new[key], at: path.isEmpty ? key : "\(path).\(key)")
            }
        case (.array(let old), .array(let new)):
            return (0..<max(old.count, new.count)).flatMap { index in
                difference(
                    old.indices.contains(index) ? old[index] : nil, new.indices.contains(index) ? new[index] : nil,
                    at: "\(path)[\(index)]")
            }
        default:
            return [FieldChange(path: path, before: before, after: after)]
        }
    }

    private static func difference(_ before: JSONValue?, _ after: JSONValue?, at path: String) -> [FieldChange] {
        guard let before, let after else {
            return before == after ? [] : [FieldChange(path: path, before: before, after: after)]
        }
        return between(before, after, at: path)
    }
}
