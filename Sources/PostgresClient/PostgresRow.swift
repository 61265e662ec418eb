import CPostgreSQL

/// One row of a result.
///
/// ```swift
/// let (id, name) = try row.decode(Int64.self, String.self)     // by place, all columns
/// let optedOut: Date? = try row.decode("opted_out_at")         // by name
/// ```
public struct PostgresRow: Sendable {
    private let result: RowResult
    private let index: Int32

    init(_ result: RowResult, _ index: Int32) {
        self.result = result
        self.index = index
    }

    /// Decodes all columns from left to right.
    ///
    /// - Throws: ``PostgresError/Code/decoding`` when the number of columns differs, or naming the column that does
    ///   not hold such a value.
    public func decode<each T: PostgresValue>(
        _ types: repeat (each T).Type
    ) throws(PostgresError) -> (repeat each T) {
        var wanted: Int32 = 0
        for _ in repeat (each types) { wanted += 1 }
        guard wanted == result.columns else {
            throw PostgresError(.decoding, "the row has \(result.columns) columns, but \(wanted) were asked for")
        }
        var column: Int32 = 0
        func next<Value: PostgresValue>(_ type: Value.Type) throws(PostgresError) -> Value {
            defer { column += 1 }
            return try decode(column)
        }
        return (repeat try next((each types)))
    }

    /// Decodes the only column. (A pack of one would be a tuple of one, which Swift does not compare or unwrap as its
    /// element.)
    public func decode<T: PostgresValue>(_ type: T.Type) throws(PostgresError) -> T {
        guard result.columns == 1 else {
            throw PostgresError(.decoding, "the row has \(result.columns) columns, but 1 was asked for")
        }
        return try decode(0)
    }

    /// Decodes the column of that name.
    ///
    /// - Throws: ``PostgresError/Code/decoding`` when there is no such column, or it does not hold such a value.
    public func decode<T: PostgresValue>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let column = result.column(named: column) else {
            throw PostgresError(.decoding, "the row has no column \"\(column)\"")
        }
        return try decode(column)
    }

    /// Decodes the column at a place, from 0. For rows that come by the thousand: a pack of types costs as much as reading
    /// its values.
    package func decode<T: PostgresValue>(at column: Int32, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard column < result.columns else {
            throw PostgresError(.decoding, "the row has \(result.columns) columns, and none at \(column)")
        }
        return try decode(column)
    }

    private func decode<T: PostgresValue>(_ column: Int32) throws(PostgresError) -> T {
        let text = result.text(row: index, column: column)
        guard let value = T(postgresText: text) else {
            let found = text == nil ? "NULL" : "a value that is none"
            throw PostgresError(
                .decoding, "column \"\(result.name(column))\" should hold \(T.self), but holds \(found)")
        }
        return value
    }
}

/// The rows of one statement, as libpq holds them; freed with the last row that points here.
///
/// `@unchecked Sendable`: a finished PGresult never changes, and libpq's manual allows several threads to read it.
final class RowResult: @unchecked Sendable {
    let columns: Int32
    private let pointer: OpaquePointer

    /// Takes over the ownership of a result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        columns = PQnfields(pointer)
    }

    deinit { PQclear(pointer) }

    /// All rows, in the server's order.
    var rows: [PostgresRow] { (0..<PQntuples(pointer)).map { PostgresRow(self, $0) } }

    /// How many rows the statement inserted, changed, deleted or returned.
    var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// What the statement was, as the server names it: `COMMIT`.
    var command: String { String(cString: PQcmdStatus(pointer)) }

    /// Not `PQfnumber`, which folds the case of a name as SQL does.
    func column(named name: String) -> Int32? { (0..<columns).first { self.name($0) == name } }

    func name(_ column: Int32) -> String { PQfname(pointer, column).map { String(cString: $0) } ?? "" }

    func text(row: Int32, column: Int32) -> String? {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return nil }
        let length = Int(PQgetlength(pointer, row, column))
        return start.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
            String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
        }
    }
}
