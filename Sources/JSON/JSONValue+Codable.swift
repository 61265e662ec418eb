public import Foundation

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension JSONValue {
    /// Parses one JSON document in UTF-8.
    ///
    /// - Throws: ``JSONError`` that names the line and column of the first offending character.
    public init(parsing data: Data) throws(JSONError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw JSONError(error)
        }
    }

    /// Parses one JSON document.
    ///
    /// - Throws: ``JSONError`` that names the line and column of the first offending character.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Data(text.utf8))
    }

    /// The value as UTF-8 JSON without white space, members sorted by key and slashes unescaped: equal values have
    /// equal bytes, so this is the form to hash and to compare.
    public var canonicalData: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Fails only for non-finite numbers, which JSON cannot hold; they become null.
        guard let data = try? encoder.encode(self) else { return Data("null".utf8) }
        return data
    }

    /// ``canonicalData`` as text.
    public var canonicalText: String { String(decoding: canonicalData, as: UTF8.self) }
}
