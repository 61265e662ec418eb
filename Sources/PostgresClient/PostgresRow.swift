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

    /// The whole number in the column at a place, from 0; `nil` for NULL. For rows that come by the thousand, where a decoded
    /// value's generic code and text cost several times what the digits do.
    package func integer(at column: Int32) throws(PostgresError) -> Int64? {
        try check(column)
        guard let value = result.withBytes(row: index, column: column, { Int64(digits: $0) }) else { return nil }
        guard let value else { throw refusal(column, "Int64", found: "a value that is none") }
        return value
    }

    /// The text in the column at a place, from 0; `nil` for NULL.
    package func text(at column: Int32) throws(PostgresError) -> String? {
        try check(column)
        return result.text(row: index, column: column)
    }

    private func check(_ column: Int32) throws(PostgresError) {
        guard column < result.columns else {
            throw PostgresError(.decoding, "the row has \(result.columns) columns, and none at \(column)")
        }
    }

    private func decode<T: PostgresValue>(_ column: Int32) throws(PostgresError) -> T {
        let text = result.text(row: index, column: column)
        guard let value = T(postgresText: text) else {
            throw refusal(column, "\(T.self)", found: text == nil ? "NULL" : "a value that is none")
        }
        return value
    }

    private func refusal(_ column: Int32, _ wanted: String, found: String) -> PostgresError {
        PostgresError(.decoding, "column \"\(result.name(column))\" should hold \(wanted), but holds \(found)")
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
        withBytes(row: row, column: column) { String(decoding: $0, as: UTF8.self) }
    }

    /// Lends the bytes of a value where libpq has them, which is until the result is freed; `nil` for NULL.
    func withBytes<Value>(row: Int32, column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value? {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return nil }
        return body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column))))
    }
}

extension Int64 {
    /// Reads decimal digits, the first perhaps a minus sign; `nil` for anything else.
    fileprivate init?(digits: UnsafeRawBufferPointer) {
        let isNegative = digits.first == UInt8(ascii: "-")
        let figures = isNegative ? digits.dropFirst() : digits[...]
        guard !figures.isEmpty else { return nil }
        // Downwards, because the least number has no positive counterpart.
        var value: Int64 = 0
        for figure in figures {
            let (tens, isTooLong) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = tens.subtractingReportingOverflow(Int64(figure) - Int64(UInt8(ascii: "0")))
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(figure), !isTooLong, !isTooLarge else { return nil }
            value = sum
        }
        guard isNegative || value != .min else { return nil }
        self = isNegative ? value : -value
    }
}
