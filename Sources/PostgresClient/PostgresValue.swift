/// A Swift value that goes to Postgres and comes back.
///
/// Values travel as the text that `psql` would show, and the server infers each parameter's type from its place in
/// the statement. So one Swift type serves several columns (an `Int` a `smallint`, a `bigint` or a `numeric`), every
/// type of Postgres, also of an extension, can be read as a `String`, and no type id is ever looked up.
///
/// Where the server cannot infer (`SELECT $1`), it assumes text; write `$1::bigint`.
public protocol PostgresValue: Sendable {
    /// The text form; `nil` is NULL.
    var postgresText: String? { get }

    /// Reads the text form, `nil` for NULL; fails when the text is no such value.
    init?(postgresText text: String?)
}

/// A value that may be an element of a Postgres array.
public protocol PostgresArrayElement: PostgresValue {
    /// Appends the element as it stands in an array literal. The default quotes ``PostgresValue/postgresText``.
    func append(toArrayLiteral literal: inout [UInt8])
}

extension Optional: PostgresValue where Wrapped: PostgresValue {
    public var postgresText: String? { self?.postgresText }

    public init?(postgresText text: String?) {
        guard let text else {
            self = .none
            return
        }
        guard let value = Wrapped(postgresText: text) else { return nil }
        self = .some(value)
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {}
