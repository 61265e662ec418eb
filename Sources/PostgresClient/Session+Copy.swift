import CPostgreSQL

extension Session {
    /// Runs `COPY … FROM STDIN`; `next` gives chunks of whole rows until it returns `nil`. An error of `next` ends the
    /// copy without a row taken.
    ///
    /// - Returns: The number of rows.
    func copyIn(
        _ sql: SQL, until deadline: ContinuousClock.Instant?, next: () throws(PostgresError) -> [UInt8]?
    ) throws(PostgresError) -> Int {
        try sendAhead(until: deadline)
        guard PQsendQuery(connection, sql.text) == 1 else { throw lost() }
        guard let result = try nextResult(until: deadline) else { throw lost() }
        guard PQresultStatus(result) == PGRES_COPY_IN else {
            let status = PQresultStatus(result)
            let failure = PostgresError(result: result)
            PQclear(result)
            while let rest = try nextResult(until: deadline) { PQclear(rest) }
            guard status == PGRES_FATAL_ERROR else {
                throw PostgresError(.server, "a COPY … FROM STDIN was expected, but the statement is another")
            }
            throw failure
        }
        PQclear(result)

        var failure: PostgresError?
        do throws(PostgresError) {
            while let chunk = try next() { try put(chunk, until: deadline) }
        } catch {
            if isLost { throw error }
            failure = error
        }
        while true {
            let ended = PQputCopyEnd(connection, failure == nil ? nil : "the client gave up")
            if ended == 1 { break }
            guard ended == 0 else { throw lost() }
            try flush(until: deadline)
        }
        do throws(PostgresError) {
            let copied = try lastResult(until: deadline)
            if let failure { throw failure }
            return copied.affected
        } catch {
            throw isLost ? error : failure ?? error
        }
    }

    private func put(_ chunk: [UInt8], until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        while true {
            let taken = chunk.withUnsafeBytes { bytes in
                PQputCopyData(
                    connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            }
            if taken == 1 { break }
            guard taken == 0 else { throw lost() }
            try flush(until: deadline)
        }
        // Otherwise libpq would collect the whole copy in memory.
        try flush(until: deadline)
    }
}
