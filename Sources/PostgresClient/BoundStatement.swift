/// A statement with the values of its `$1`, `$2`, ….
public struct BoundStatement: Sendable {
    /// The statement.
    public let sql: SQL
    /// The values in order.
    public let values: [any PostgresValue]

    /// Puts both together.
    public init(_ sql: SQL, _ values: [any PostgresValue] = []) {
        self.sql = sql
        self.values = values
    }
}
