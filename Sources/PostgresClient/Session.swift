import CPostgreSQL
import Foundation

/// One libpq connection: the only place that calls libpq's input and output.
///
/// Not thread-safe, and it blocks in poll(2); ``PostgresConnection`` owns it and calls it on its own thread. Every wait
/// ends at a deadline or when the interruption is raised. Both, like a broken socket, leave the session lost: libpq
/// cannot say whether a cancel request that comes late would strike the next statement, so there is no next one.
final class Session {
    let connection: OpaquePointer
    private let interruption: Interruption
    private(set) var isLost = false
    /// `nil` behind a pooler that may run each transaction in another server session (PgBouncer), which does not know the
    /// plans of the last.
    private var prepared: PreparedStatements?
    /// What goes ahead of the next statement, in its round trip: how a transaction begins, and statements whose answers
    /// nobody waits for.
    var ahead: [BoundStatement] = []

    /// Connects, at the latest by the deadline.
    ///
    /// - Throws: ``PostgresError/Code/cannotConnect`` or ``PostgresError/Code/cancelled``.
    init(
        _ settings: ConnectionSettings, interruption: Interruption, deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let keywords = settings.keywords
        let started = withCStrings(keywords.map(\.name) + [nil] + keywords.map(\.value) + [nil]) { strings in
            strings.withUnsafeBufferPointer {
                PQconnectStartParams($0.baseAddress, $0.baseAddress.map { $0 + keywords.count + 1 }, 1)
            }
        }
        guard let connection = started else { throw PostgresError(.cannotConnect, "libpq is out of memory") }
        self.connection = connection
        self.interruption = interruption
        // Without a receiver libpq writes notices to standard error.
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        // Details quote values, and libpq's own messages repeat what the server said.
        PQsetErrorVerbosity(connection, PQERRORS_TERSE)
        do throws(PostgresError) {
            try connect(settings, deadline: deadline)
            // A pooler makes up the number by which its clients cancel.
            let server = try run("SELECT pg_backend_pid()", [], until: deadline).text(row: 0, column: 0)
            if server == "\(PQbackendPID(connection))" {
                try run(script: PreparedStatements.settings, until: deadline)
                prepared = PreparedStatements()
            }
        } catch {
            isLost = true
            throw error
        }
    }

    deinit {
        PQfinish(connection)
    }

    private func connect(_ settings: ConnectionSettings, deadline: ContinuousClock.Instant) throws(PostgresError) {
        var step = PGRES_POLLING_WRITING
        while PQstatus(connection) != CONNECTION_BAD {
            switch step {
            case PGRES_POLLING_OK:
                guard PQsetnonblocking(connection, 1) == 0 else { throw refusal(settings) }
                return
            case PGRES_POLLING_FAILED:
                throw refusal(settings)
            default:
                let wanted = step == PGRES_POLLING_READING ? POLLIN : POLLOUT
                switch wait(for: Int16(wanted), until: deadline) {
                case .ready: step = PQconnectPoll(connection)
                case .timeout:
                    throw PostgresError(.cannotConnect, "\(settings.place) did not answer in time; is it reachable?")
                case .interrupted:
                    throw PostgresError(.cancelled, "cancelled while connecting to \(settings.place)")
                }
            }
        }
        throw refusal(settings)
    }

    private func refusal(_ settings: ConnectionSettings) -> PostgresError {
        PostgresError(.cannotConnect, "cannot connect to \(settings.place): \(libpqMessage)")
    }

    // MARK: Statements

    /// Runs one statement with bound values and returns its last result.
    func run(
        _ sql: SQL, _ values: [any PostgresValue], until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) -> RowResult {
        guard ahead.isEmpty else {
            guard let result = try run([BoundStatement(sql, values)], until: deadline).first else { throw lost() }
            return result
        }
        let start = ContinuousClock.now
        let statement = try ready(BoundStatement(sql, values), at: start, until: deadline)
        try send(statement)
        let result = try lastResult(until: deadline)
        note(statement, since: start)
        return result
    }

    /// Sends all statements before it reads the first answer. After one that fails none of the others runs.
    ///
    /// Source of the protocol: the Postgres manual, 32.5 "Pipeline Mode".
    func run(
        _ statements: [BoundStatement], until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) -> [RowResult] {
        let first = ahead.count
        let start = ContinuousClock.now
        // All at one moment: a statement that comes twice has one plan.
        let statements = try (ahead + statements).map { statement throws(PostgresError) in
            try ready(statement, at: start, until: deadline)
        }
        guard PQenterPipelineMode(connection) == 1 else { throw lost() }
        for statement in statements { try send(statement) }
        guard PQpipelineSync(connection) == 1 else { throw lost() }
        var results: [RowResult] = []
        var failure: PostgresError?
        for statement in statements {
            do throws(PostgresError) {
                results.append(try lastResult(until: deadline))
                note(statement, since: start)
            } catch {
                if isLost { throw error }
                failure = failure ?? error
            }
        }
        if let end = try nextResult(until: deadline) { PQclear(end) }
        guard PQexitPipelineMode(connection) == 1 else { throw lost() }
        ahead = []
        if let failure { throw failure }
        return Array(results.dropFirst(first))
    }

    /// A statement as it is sent.
    private struct ReadyStatement {
        let text: String
        let values: [String?]
        /// Its name on the server, if it is prepared there.
        var plan: String?
    }

    /// Prepares a statement, if it is time.
    private func ready(
        _ statement: BoundStatement, at now: ContinuousClock.Instant, until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) -> ReadyStatement {
        var ready = ReadyStatement(text: statement.sql.text, values: statement.values.map(\.postgresText))
        for (index, text) in ready.values.enumerated() where text?.utf8.contains(0) == true {
            throw PostgresError(
                .encoding, "the value of $\(index + 1) has the character U+0000, which Postgres refuses")
        }
        guard prepared != nil, !ready.values.isEmpty else { return ready }
        switch prepared?.way(of: ready.text, at: now) {
        case .planned(let name): ready.plan = name
        case .plan(let name, let old):
            do throws(PostgresError) {
                if let old { try runAlone(script: "DEALLOCATE \(old)", until: deadline) }
                try prepare(ready.text, as: name, until: deadline)
            } catch {
                prepared?.failed(ready.text)
                throw error
            }
            ready.plan = name
        case .once, nil: break
        }
        return ready
    }

    private func prepare(
        _ text: String, as name: String, until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) {
        guard PQsendPrepare(connection, name, text, 0, nil) == 1 else { throw lost() }
        _ = try lastResult(until: deadline)
    }

    private func note(_ statement: ReadyStatement, since start: ContinuousClock.Instant) {
        if statement.plan != nil { prepared?.ran(statement.text, for: .now - start) }
    }

    private func send(_ statement: ReadyStatement) throws(PostgresError) {
        let sent = withCStrings([statement.plan ?? statement.text] + statement.values) { strings in
            strings.withUnsafeBufferPointer { strings in
                let count = Int32(statement.values.count)
                let values = strings.baseAddress.map { $0 + 1 }
                return statement.plan == nil
                    ? PQsendQueryParams(connection, strings[0], count, nil, values, nil, nil, 0)
                    : PQsendQueryPrepared(connection, strings[0], count, values, nil, nil, 0)
            }
        }
        guard sent == 1 else { throw lost() }
    }

    /// Runs a script of several statements without values, as one transaction unless it says otherwise.
    func run(script: String, until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        try sendAhead(until: deadline)
        try runAlone(script: script, until: deadline)
    }

    /// Without what goes ahead.
    private func runAlone(script: String, until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        guard PQsendQuery(connection, script) == 1 else { throw lost() }
        _ = try lastResult(until: deadline)
    }

    // MARK: Transactions

    /// Sends what goes ahead of a command that cannot be sent with it.
    func sendAhead(until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        if !ahead.isEmpty { _ = try run([], until: deadline) }
    }

    /// Commits the transaction, with what goes ahead of that.
    ///
    /// - Returns: COMMIT, or ROLLBACK if the server did that instead.
    func commit(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> String {
        do throws(PostgresError) {
            return try run("COMMIT", [], until: deadline).command
        } catch {
            // What went ahead failed, and the server did not come to the COMMIT.
            if !isLost { try rollBack(until: deadline) }
            throw error
        }
    }

    /// Rolls the transaction back, if the server knows of any.
    func rollBack(until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        ahead = []
        if PQtransactionStatus(connection) != PQTRANS_IDLE { _ = try run("ROLLBACK", [], until: deadline) }
    }

    // MARK: Between statements

    /// Whether the server is still there and no transaction is open, so that someone else may use the connection.
    var isIdle: Bool {
        !isLost && ahead.isEmpty && PQstatus(connection) == CONNECTION_OK
            && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    /// The socket, for a look from outside whether the server closed it.
    var socket: Int32 { PQsocket(connection) }

    /// Takes in what the server sent unasked. A server that shut down says so here.
    func takeInput() throws(PostgresError) {
        guard PQconsumeInput(connection) == 1 else { throw lost() }
    }

    /// Waits for the next notification of the channels that this session listens to.
    func nextNotification() throws(PostgresError) -> PostgresNotification {
        while true {
            if let notification = PQnotifies(connection) {
                defer { PQfreemem(notification) }
                return PostgresNotification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra))
            }
            try waitOrLose(for: Int16(POLLIN), until: nil)
            try takeInput()
        }
    }

    // MARK: Waiting

    func lastResult(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> RowResult {
        var last: RowResult?
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = RowResult(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                isLost = true
                throw PostgresError(.server, "COPY is only for copyIn(_:rows:)")
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
                failure = PostgresError(.rolledBack, "a statement that was sent before it failed")
            default:
                failure = failure ?? PostgresError(result: result)
                PQclear(result)
            }
        }
        if PQstatus(connection) == CONNECTION_BAD || failure?.code == .connectionLost {
            isLost = true
            let message = failure?.message ?? libpqMessage
            throw PostgresError(
                .connectionLost, "the connection to the database broke: \(message)", sqlState: failure?.sqlState)
        }
        if let failure { throw failure }
        guard let last else { throw lost() }
        return last
    }

    func nextResult(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> OpaquePointer? {
        try flush(until: deadline)
        while PQisBusy(connection) == 1 {
            try waitOrLose(for: Int16(POLLIN), until: deadline)
            // A failure shows in the result, with the server's last words.
            if PQconsumeInput(connection) == 0 { break }
        }
        return PQgetResult(connection)
    }

    func flush(until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        while true {
            let left = PQflush(connection)
            if left == 0 { return }
            // On -1 the server's last words may still be readable; nextResult finds them.
            guard left == 1 else { return }
            try waitOrLose(for: Int16(POLLIN | POLLOUT), until: deadline)
            // While it cannot take our bytes the server may be trying to give us its own.
            if PQconsumeInput(connection) == 0 { return }
        }
    }

    private func waitOrLose(for events: Int16, until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        let wake = wait(for: events, until: deadline)
        guard wake != .ready else { return }
        isLost = true
        cancelOnServer()
        throw wake == .timeout
            ? PostgresError(.timeout, "the statement took longer than its limit and was cancelled")
            : PostgresError(.cancelled, "the statement was cancelled")
    }

    private enum Wake { case ready, timeout, interrupted }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant?) -> Wake {
        while true {
            var watched = [
                pollfd(fd: PQsocket(connection), events: events, revents: 0),
                pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let found = poll(&watched, 2, Self.milliseconds(until: deadline))
            if watched[1].revents != 0 { return .interrupted }
            if watched[0].revents != 0 { return .ready }
            if found == 0, let deadline, deadline <= .now { return .timeout }
        }
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let left = max(.zero, deadline - .now)
        // Rounded up: rounded down, the last part of a millisecond would be spent spinning.
        return Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
    }

    /// Asks the server to stop the statement, so that it lets go of its locks now and not when it next writes.
    ///
    /// The request is a connection of its own that may block, hence a thread of its own; nobody waits for it.
    private func cancelOnServer() {
        guard let request = PQgetCancel(connection) else { return }
        let address = Int(bitPattern: request)
        Thread.detachNewThread {
            guard let request = OpaquePointer(bitPattern: address) else { return }
            var message = [CChar](repeating: 0, count: 256)
            PQcancel(request, &message, 256)
            PQfreeCancel(request)
        }
    }

    func lost() -> PostgresError {
        isLost = true
        return PostgresError(.connectionLost, "the connection to the database broke: \(libpqMessage)")
    }

    private var libpqMessage: String {
        let message = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        let lines = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        return lines.isEmpty ? "the server closed it without a word" : lines.joined(separator: "; ")
    }
}

/// Lends C copies of the texts for the time of one call; a `nil` text becomes a null pointer.
private func withCStrings<Result>(
    _ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result
) -> Result {
    // One block for all texts, because a statement may bind dozens: each with its final zero, one after the other.
    var bytes: [CChar] = []
    bytes.reserveCapacity(texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) + 1 })
    var starts: [Int?] = []
    for text in texts {
        starts.append(text == nil ? nil : bytes.count)
        guard var text else { continue }
        text.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { bytes.append(contentsOf: $0) }
        }
        bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { block in
        body(starts.map { start in start.flatMap { offset in block.baseAddress.map { $0 + offset } } })
    }
}
