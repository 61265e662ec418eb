import Foundation
package import JSON

/// Replaces the members of a Codable value that a JSON object names, at any depth.
package enum SettingsMerge {
    /// - Throws: ``SandboxError`` that names an unknown member or one of the wrong type.
    package static func apply<Value: Codable>(_ patch: JSONValue, to value: Value) throws(SandboxError) -> Value {
        do {
            let current = try JSONValue(parsing: JSONEncoder().encode(value))
            let merged = try merge(patch, into: current, path: "")
            return try JSONDecoder().decode(Value.self, from: merged.canonicalData)
        } catch let error as SandboxError {
            throw error
        } catch {
            throw SandboxError(.invalidSettings, JSONError(error).description)
        }
    }

    private static func merge(_ patch: JSONValue, into current: JSONValue, path: String) throws(SandboxError)
        -> JSONValue
    {
        guard case .object(let changes) = patch, case .object(var members) = current else { return patch }
        for (name, change) in changes {
            guard let member = members[name] else {
                let known = members.keys.sorted().joined(separator: ", ")
                throw SandboxError(.invalidSettings, "\"\(path)\(name)\" is unknown here; known: \(known)")
            }
            members[name] = try merge(change, into: member, path: "\(path)\(name).")
        }
        return .object(members)
    }
}
