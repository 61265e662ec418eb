import Foundation
import Synchronization

/// One connection to Postgres. Its statements run one after the other on a thread of its own.
///
/// Values are always bound. Statements that come again are prepared on the server; behind PgBouncer, which may run each
/// transaction in another session, none is, so every statement works there too.
///
/// A statement that runs out of time, or whose task is cancelled, costs the connection: it is closed, the server is
/// asked to stop, and an open transaction is rolled back. The pool then opens another.
public actor PostgresConnection {
    /// What the pool needs to know without waiting for the connection's thread.
    private struct Health {
        /// -1 once it is closed.
        var socket: Int32 = -1
        var isIdle = false
        var failure: PostgresError.Code?

        var isOpen: Bool { socket >= 0 }
    }

    /// What goes ahead of the next statement.
    private struct Ahead {
        var statements: [BoundStatement] = []
        /// Whether these are only the beginning of a transaction in which nothing was to be done yet.
        var isEmptyTransaction = false
    }

    nonisolated let thread = ConnectionThread(name: "postgres")
    private nonisolated let interruption = Interruption()
    private nonisolated let health = Mutex(Health())
    private nonisolated let ahead = Mutex(Ahead())
    private nonisolated let afterCommit = Mutex<[@Sendable () -> Void]>([])
    private let statementTimeout: Duration
    private var session: Session?

    /// Runs everything on the connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(statementTimeout: Duration) {
        self.statementTimeout = statementTimeout
    }

    deinit { thread.stop() }

    /// Runs one statement and returns its rows, all in memory.
    ///
    /// - Parameters:
    ///   - sql: One statement with `$1`, `$2`, … for the values.
    ///   - values: The values in order.
    ///   - timeout: Its limit, instead of the pool's.
    public func query(
        _ sql: SQL, _ values: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await statement(timeout: timeout) { session, deadline throws(PostgresError) in
            try session.run(sql, values, until: deadline).rows
        }
    }

    /// Runs statements one after the other, sent together: all in the time of one round trip.
    ///
    /// Outside of a transaction they are one. Each sees what others committed before it began. After one that fails none
    /// of the others runs.
    ///
    /// - Returns: The rows of each.
    public func query(
        _ statements: [BoundStatement], timeout: Duration? = nil
    ) async throws(PostgresError) -> [[PostgresRow]] {
        try await statement(timeout: timeout) { session, deadline throws(PostgresError) in
            try session.run(statements, until: deadline).map(\.rows)
        }
    }

    /// Runs one statement and returns how many rows it inserted, changed or deleted.
    @discardableResult
    public func execute(
        _ sql: SQL, _ values: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        try await statement(timeout: timeout) { session, deadline throws(PostgresError) in
            try session.run(sql, values, until: deadline).affected
        }
    }

    /// Runs a statement of the open transaction in the round trip of its next one, or of its COMMIT.
    ///
    /// For one whose rows nobody needs. It runs before the next; if it fails, that one does not run and throws its error.
    public nonisolated func send(_ sql: SQL, _ values: [any PostgresValue]) {
        ahead.withLock { ahead in
            ahead.isEmptyTransaction = false
            ahead.statements.append(BoundStatement(sql, values))
        }
    }

    /// Does something once the transaction of ``PostgresPool/transaction(_:)`` has committed and its connection is free
    /// again; nothing if it is rolled back.
    package nonisolated func afterCommit(_ action: @escaping @Sendable () -> Void) {
        afterCommit.withLock { $0.append(action) }
    }

    /// Runs several statements without values, separated by semicolons.
    package func execute(script: String, timeout: Duration?) async throws(PostgresError) {
        try await statement(timeout: timeout) { session, deadline throws(PostgresError) in
            try session.run(script: script, until: deadline)
        }
    }
}

extension PostgresConnection {
    /// Connects within ten seconds.
    static func open(
        _ settings: ConnectionSettings, statementTimeout: Duration
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(statementTimeout: statementTimeout)
        try await connection.connect(settings)
        return connection
    }

    private func connect(_ settings: ConnectionSettings) async throws(PostgresError) {
        try await interruptible { () throws(PostgresError) in
            let deadline = ContinuousClock.now + .seconds(10)
            let session = try Session(settings, interruption: interruption, deadline: deadline)
            // Set, not sent with the start of the session, where PgBouncer would refuse it.
            try session.run(script: "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'", until: deadline)
            self.session = session
            health.withLock { $0 = Health(socket: session.socket, isIdle: session.isIdle) }
        }
    }

    /// Closes the connection; an open transaction is rolled back.
    func close() {
        session = nil
        health.withLock { $0 = Health() }
    }

    /// Whether the next statement may use it: open, no transaction, and as far as one can see without asking, the
    /// server has not closed it. Costs one system call.
    nonisolated var isReusable: Bool {
        let health = health.withLock { $0 }
        guard health.isIdle else { return false }
        // Nothing is due while it is idle, so whatever is readable is the server's goodbye.
        var watched = pollfd(fd: health.socket, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) == 0
    }

    /// Why a statement failed last, since the last transaction began.
    nonisolated var lastFailure: PostgresError.Code? { health.withLock { $0.failure } }

    /// Begins a transaction with the next statement, with a clean slate.
    nonisolated func begin(_ durability: CommitDurability) throws(PostgresError) {
        let was = health.withLock { health in
            defer { (health.isIdle, health.failure) = (false, nil) }
            return health
        }
        guard was.isOpen else { throw Self.closed }
        guard was.isIdle else {
            // Postgres would only warn, and the inner COMMIT would end the outer transaction.
            throw PostgresError(.server, "a transaction cannot begin inside another; pass its connection on instead")
        }
        _ = takeAfterCommit()
        var opening = [BoundStatement("BEGIN")]
        if durability == .deferred { opening.append(BoundStatement("SET LOCAL synchronous_commit TO off")) }
        ahead.withLock { [opening] in $0 = Ahead(statements: opening, isEmptyTransaction: true) }
    }

    /// Ends a transaction in which nothing was to be done.
    ///
    /// - Returns: `false` if there was anything.
    nonisolated func endEmptyTransaction() -> Bool {
        let wasEmpty = ahead.withLock { ahead in
            guard ahead.isEmptyTransaction else { return false }
            ahead = Ahead()
            return true
        }
        if wasEmpty { health.withLock { $0.isIdle = true } }
        return wasEmpty
    }

    /// What is to be done now that the transaction has committed.
    nonisolated func takeAfterCommit() -> [@Sendable () -> Void] {
        afterCommit.withLock { actions in
            defer { actions = [] }
            return actions
        }
    }

    /// Runs a statement on the session, within the limit and until the task is cancelled.
    ///
    /// - Parameter shielded: Whether to let it finish although the task is cancelled: COMMIT and ROLLBACK.
    func statement<T: Sendable>(
        timeout: Duration? = nil, shielded: Bool = false,
        _ body: (Session, ContinuousClock.Instant) throws(PostgresError) -> T
    ) async throws(PostgresError) -> T {
        guard let session, !session.isLost else {
            throw Self.closed
        }
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        session.ahead += ahead.withLock { ahead in
            defer { ahead = Ahead() }
            return ahead.statements
        }
        let outcome: Result<T, PostgresError>
        do throws(PostgresError) {
            let run = { () throws(PostgresError) in try body(session, deadline) }
            outcome = .success(try await shielded ? uninterrupted(run) : interruptible(run))
        } catch {
            outcome = .failure(error)
        }
        if session.isLost { self.session = nil }
        health.withLock { health in
            if session.isLost { health.socket = -1 }
            health.isIdle = session.isIdle
            if case .failure(let error) = outcome { health.failure = error.code }
        }
        return try outcome.get()
    }

    private static var closed: PostgresError {
        PostgresError(.connectionLost, "the connection is closed; take another from the pool")
    }

    /// Lets the task's cancellation end the waiting of `body`. Nothing suspends here, so statements of other tasks
    /// wait for their turn, and only the one that is running can be interrupted.
    private func interruptible<T>(_ body: () throws(PostgresError) -> T) async throws(PostgresError) -> T {
        guard !Task.isCancelled else { throw PostgresError(.cancelled, "the task was cancelled before the statement") }
        interruption.clear()
        let outcome = await withTaskCancellationHandler {
            // By way of the actor: a closure that does not capture it would run on the cooperative pool.
            self.run(body)
        } onCancel: {
            interruption.raise()
        }
        return try outcome.get()
    }

    private func uninterrupted<T>(_ body: () throws(PostgresError) -> T) throws(PostgresError) -> T {
        interruption.clear()
        return try run(body).get()
    }

    private func run<T>(_ body: () throws(PostgresError) -> T) -> Result<T, PostgresError> {
        preconditionIsolated("a connection waits on its own thread only")
        return Result { () throws(PostgresError) in try body() }
    }
}
