import CPostgreSQL

extension PostgresError {
    /// The server's error in a result.
    ///
    /// The server's detail, hint and context are left out, because they quote values ("Key (email)=(…) already
    /// exists"), and so is the message of class 22, which quotes the value that has the wrong form.
    init(result: OpaquePointer) {
        func field(_ name: Character) -> String? {
            let code = name.asciiValue.map(Int32.init) ?? 0
            return PQresultErrorField(result, code).map { String(cString: $0) }
        }
        let sqlState = field("C") ?? ""
        // An error of libpq's own, as a broken socket, has no fields.
        let primary =
            field("M") ?? String(cString: PQresultErrorMessage(result)).split(separator: "\n").first.map(String.init)
        let text = primary ?? "the server closed it without a word"
        let place = [field("t").map { "table \($0)" }, field("c").map { "column \($0)" }].compactMap { $0 }
        let message =
            sqlState.hasPrefix("22")
            ? (["a value has no valid form for its type or is out of its range"] + place).joined(separator: ", ")
            : text
        self.init(
            Code(sqlState: sqlState), message, sqlState: sqlState.isEmpty ? nil : sqlState, constraint: field("n"))
    }
}

extension PostgresError.Code {
    /// The kind of a server error (Postgres manual, appendix A).
    init(sqlState: String) {
        switch sqlState {
        case "23505": self = .uniqueViolation
        case "23503": self = .foreignKeyViolation
        case "23514": self = .checkViolation
        case "40001": self = .serializationFailure
        case "40P01": self = .deadlock
        // query_canceled: our own deadline cuts the connection, so this one is the server's statement_timeout.
        case "57014", "55P03": self = .timeout
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, connection exceptions; no SQLSTATE
        // at all is libpq's own report of a broken socket.
        case "57P01", "57P02", "57P03", "57P05", "08000", "08003", "08006", "": self = .connectionLost
        default: self = .server
        }
    }
}
