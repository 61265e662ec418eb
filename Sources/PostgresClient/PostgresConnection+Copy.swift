extension PostgresConnection {
    /// Streams rows into a table by `COPY … FROM STDIN`, the fastest way in: no statement, parse or plan for each row.
    ///
    /// ```swift
    /// try await connection.copyIn("COPY leads (tenant_id, key) FROM STDIN", rows: leads.lazy.map { [$0.tenant, $0.key] })
    /// ```
    ///
    /// The sequence is walked on the connection's thread, as fast as the server takes the rows; about 64 KiB of them are
    /// in memory at a time. All rows are taken or none.
    ///
    /// - Parameters:
    ///   - sql: The COPY statement, in the default (text) format.
    ///   - rows: The values of each row, in the order of the columns.
    ///   - timeout: The limit of the whole copy.
    /// - Returns: The number of rows.
    @discardableResult
    public func copyIn(
        _ sql: SQL, rows: sending some Sequence<[any PostgresValue]>, timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        try await statement(timeout: timeout) { session, deadline throws(PostgresError) in
            var rows = rows.makeIterator()
            return try session.copyIn(sql, until: deadline) { () throws(PostgresError) in
                var chunk: [UInt8] = []
                while chunk.count < 1 << 16, let row = rows.next() {
                    try appendCopyRow(row, to: &chunk)
                }
                return chunk.isEmpty ? nil : chunk
            }
        }
    }
}

/// One line of COPY's text format: cells between tabs, `\N` for NULL, and a backslash before what would mislead
/// (Postgres manual, COPY, "Text Format").
private func appendCopyRow(_ row: [any PostgresValue], to chunk: inout [UInt8]) throws(PostgresError) {
    for (column, value) in row.enumerated() {
        if column > 0 { chunk.append(UInt8(ascii: "\t")) }
        guard let text = value.postgresText else {
            chunk.append(contentsOf: "\\N".utf8)
            continue
        }
        for byte in text.utf8 {
            switch byte {
            case 0:
                throw PostgresError(
                    .encoding, "column \(column + 1) of a row has the character U+0000, which Postgres refuses")
            case UInt8(ascii: "\\"): chunk.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\t"): chunk.append(contentsOf: "\\t".utf8)
            case UInt8(ascii: "\n"): chunk.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): chunk.append(contentsOf: "\\r".utf8)
            default: chunk.append(byte)
            }
        }
    }
    chunk.append(UInt8(ascii: "\n"))
}
