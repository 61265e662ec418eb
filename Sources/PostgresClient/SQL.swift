/// The text of one SQL statement.
///
/// It is a literal or an embedded file, never put together from values: those are always bound as `$1`, `$2`, ….
///
/// ```swift
/// let rows = try await pool.query("SELECT id, name FROM tenants WHERE id = ANY($1)", [ids])
/// ```
public struct SQL: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The statement.
    public let text: String

    /// A statement from an embedded file in UTF-8.
    public init(_ file: [UInt8]) {
        text = String(decoding: file, as: UTF8.self)
    }

    public init(stringLiteral value: StaticString) {
        text = value.description
    }

    /// A statement that names something SQL cannot bind: a database, a channel. Pass names through
    /// ``identifier(_:)``.
    package init(assembled text: String) {
        self.text = text
    }

    /// A name in double quotes, safe to put into a statement.
    package static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
