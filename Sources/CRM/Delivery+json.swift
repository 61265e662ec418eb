import Foundation
public import JSON

extension Delivery {
    /// The body as JSON, with U+FFFD for every U+0000: no text of Postgres can hold that, and an event that cannot be
    /// stored would be delivered again and again.
    ///
    /// - Throws: `malformedDelivery` with the line and column of the first error.
    public func json() throws(CRMError) -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body)
        } catch {
            throw CRMError(.malformedDelivery, "the body is \(error)", underlying: error)
        }
        // Unescaped it is no JSON, so a body without the escape needs no look at its values.
        return body.range(of: Data(#"\u0000"#.utf8)) == nil ? value : value.storable
    }
}

extension JSONValue {
    fileprivate var storable: JSONValue {
        switch self {
        case .string(let text): .string(text.storable)
        case .array(let elements): .array(elements.map(\.storable))
        case .object(let members):
            .object(Dictionary(members.map { ($0.storable, $1.storable) }) { _, last in last })
        case .null, .bool, .integer, .number: self
        }
    }
}

extension String {
    /// The text with U+FFFD for every U+0000, which Postgres cannot hold.
    package var storable: String { replacing("\0", with: "\u{FFFD}") }
}
