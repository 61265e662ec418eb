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
    /// Parses one JSON document in UTF-8, strictly by RFC 8259, up to 512 levels deep. Of members with the same name
    /// the last counts, as in Postgres's jsonb.
    ///
    /// - Throws: ``JSONError`` that names the line and column of the first offending character.
    public init(parsing data: Data) throws(JSONError) { self = try JSONParser.parse(Array(data)) }

    /// Parses one JSON document.
    ///
    /// - Throws: ``JSONError`` that names the line and column of the first offending character.
    public init(parsing text: String) throws(JSONError) { self = try JSONParser.parse(Array(text.utf8)) }

    /// The value as UTF-8 JSON without white space, members sorted by the UTF-8 bytes of their names: equal values have
    /// equal bytes, so this is the form to hash and to compare. Non-finite numbers, which JSON cannot hold, become null.
    public var canonicalData: Data { Data(canonicalBytes) }

    /// ``canonicalData`` as text.
    public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    private var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.write(self, to: &bytes)
        return bytes
    }
}

extension Decodable {
    /// Decodes a value from one JSON document.
    ///
    /// - Throws: ``JSONError`` that names the line and column where the text is no JSON, or the path to the value that is
    ///   not as this type needs it.
    public init(parsingJSON data: Data) throws(JSONError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            _ = try JSONValue(parsing: data)
            throw JSONError(error)
        }
    }
}
