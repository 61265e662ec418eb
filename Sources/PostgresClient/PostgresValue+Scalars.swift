public import Foundation

extension Bool: PostgresArrayElement {
    public var postgresText: String? { self ? "t" : "f" }

    public init?(postgresText text: String?) {
        switch text {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension PostgresValue where Self: FixedWidthInteger {
    public var postgresText: String? { String(self) }

    public init?(postgresText text: String?) {
        guard let text, let value = Self(text) else { return nil }
        self = value
    }

    /// Digits need no quotes.
    public func append(toArrayLiteral literal: inout [UInt8]) {
        var text = String(self)
        text.withUTF8 { literal.append(contentsOf: $0) }
    }
}

extension Int16: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Int: PostgresArrayElement {}

/// Exact both ways: Swift and Postgres both write the shortest text that reads back as the same bits.
extension Double: PostgresArrayElement {
    public var postgresText: String? {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        return String(self)
    }

    public init?(postgresText text: String?) {
        guard let text, let value = Double(text) else { return nil }
        self = value
    }
}

/// `text`, and every other type in its text form.
extension String: PostgresArrayElement {
    public var postgresText: String? { self }

    public init?(postgresText text: String?) {
        guard let text else { return nil }
        self = text
    }
}

extension UUID: PostgresArrayElement {
    public var postgresText: String? { uuidString.lowercased() }

    public init?(postgresText text: String?) {
        guard let text else { return nil }
        self.init(uuidString: text)
    }
}

/// One JSON document for a `jsonb` or `json` column, as text.
public struct JSONText: PostgresArrayElement, Hashable {
    /// The document.
    public let text: String

    /// Wraps a document; the server refuses what is no JSON.
    public init(_ text: String) {
        self.text = text
    }

    public var postgresText: String? { text }

    public init?(postgresText text: String?) {
        guard let text else { return nil }
        self.text = text
    }
}
