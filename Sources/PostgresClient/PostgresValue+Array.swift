/// One-dimensional arrays. `[String?]` is a `text[]` that may hold NULLs; in `[String]` a NULL does not decode.
extension Array: PostgresValue where Element: PostgresArrayElement {
    public var postgresText: String? {
        // By bytes: a batch of events is thousands of elements, and characters of a String are slow to come by.
        var literal: [UInt8] = [UInt8(ascii: "{")]
        literal.reserveCapacity(2 + 24 * count)
        for element in self {
            if literal.count > 1 { literal.append(UInt8(ascii: ",")) }
            element.append(toArrayLiteral: &literal)
        }
        literal.append(UInt8(ascii: "}"))
        return String(decoding: literal, as: UTF8.self)
    }

    public init?(postgresText text: String?) {
        guard let text, let elements = arrayElements(text) else { return nil }
        self.init()
        reserveCapacity(elements.count)
        for element in elements {
            guard let value = Element(postgresText: element) else { return nil }
            append(value)
        }
    }
}

extension PostgresArrayElement {
    public func append(toArrayLiteral literal: inout [UInt8]) {
        guard var text = postgresText else {
            literal.append(contentsOf: "NULL".utf8)
            return
        }
        literal.append(UInt8(ascii: "\""))
        text.withUTF8 { text in
            var rest = text[...]
            while let special = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                literal.append(contentsOf: rest[..<special])
                literal.append(UInt8(ascii: "\\"))
                literal.append(rest[special])
                rest = rest[(special + 1)...]
            }
            literal.append(contentsOf: rest)
        }
        literal.append(UInt8(ascii: "\""))
    }
}

/// The elements of an array literal such as `{1,"a \"b\"",NULL}`; `nil` when it is none, or has more dimensions.
///
/// Source of the format: the Postgres manual, 8.15.6 "Array Input and Output Syntax", as the server writes it
/// (no white space, element separator `,`).
private func arrayElements(_ text: String) -> [String?]? {
    guard text != "{}" else { return [] }
    var elements: [String?] = []
    var element: [UInt8] = []
    var quoted = false
    var inQuotes = false
    var escaped = false
    var closed = false

    func finish() -> String? {
        let value = String(decoding: element, as: UTF8.self)
        return !quoted && value == "NULL" ? nil : value
    }

    guard text.utf8.first == UInt8(ascii: "{") else { return nil }
    for byte in text.utf8.dropFirst() {
        guard !closed else { return nil }
        switch byte {
        case _ where escaped:
            element.append(byte)
            escaped = false
        case UInt8(ascii: "\\"):
            escaped = true
        case UInt8(ascii: "\""):
            inQuotes.toggle()
            quoted = true
        case _ where inQuotes:
            element.append(byte)
        case UInt8(ascii: "{"):
            return nil
        case UInt8(ascii: ","), UInt8(ascii: "}"):
            elements.append(finish())
            element.removeAll(keepingCapacity: true)
            quoted = false
            closed = byte == UInt8(ascii: "}")
        default:
            element.append(byte)
        }
    }
    return closed ? elements : nil
}
