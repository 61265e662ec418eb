import Synchronization

/// A limited number of connections, lent to whoever comes first.
///
/// Connections are opened when they are needed. One that broke is replaced at the next use, so a restart of Postgres
/// heals by itself: statements that were under way fail, later ones succeed as soon as the server does.
///
/// ```swift
/// let pool = try PostgresPool(url: "postgresql://leadwright@localhost/leadwright")
/// let pauses = try await pool.query("SELECT id FROM queue_pauses WHERE paused_at < $1", [Date()])
/// ```
public final class PostgresPool: Sendable {
    private typealias Turn = Result<PoolTurn<PostgresConnection>, PostgresError>
    private typealias State = PoolState<PostgresConnection, CheckedContinuation<Turn, Never>>

    let settings: ConnectionSettings
    private let statementTimeout: Duration
    private let waitTimeout: Duration
    private let state: Mutex<State>
    private let waiters = Atomic<UInt64>(0)

    /// Where the server is, fit for a log: `user@host:port/database`, without the password.
    public var place: String { settings.place }

    /// Creates a pool; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - url: A libpq connection URI or keyword string.
    ///   - size: How many connections it opens at most.
    ///   - applicationName: Shown in `pg_stat_activity`, unless the URL names another.
    ///   - statementTimeout: The limit of each statement that names none of its own.
    ///   - waitTimeout: How long to wait for a connection while all are in use.
    /// - Throws: ``PostgresError/Code/invalidURL``.
    public init(
        url: String, size: Int = 4, applicationName: String = "leadwright",
        statementTimeout: Duration = .seconds(60), waitTimeout: Duration = .seconds(30)
    ) throws(PostgresError) {
        settings = try ConnectionSettings(url: url, applicationName: applicationName)
        self.statementTimeout = statementTimeout
        self.waitTimeout = waitTimeout
        state = Mutex(State(size: size))
    }

    /// Runs one statement on any connection and returns its rows, all in memory.
    public func query(
        _ sql: SQL, _ values: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        let connection = try await lend()
        defer { giveBack(connection) }
        return try await connection.query(sql, values, timeout: timeout)
    }

    /// Runs statements in one transaction on any connection, sent together: all in the time of one round trip.
    ///
    /// - Returns: The rows of each.
    public func query(
        _ statements: [BoundStatement], timeout: Duration? = nil
    ) async throws(PostgresError) -> [[PostgresRow]] {
        let connection = try await lend()
        defer { giveBack(connection) }
        return try await connection.query(statements, timeout: timeout)
    }

    /// Runs one statement on any connection and returns how many rows it inserted, changed or deleted.
    @discardableResult
    public func execute(
        _ sql: SQL, _ values: [any PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        let connection = try await lend()
        defer { giveBack(connection) }
        return try await connection.execute(sql, values, timeout: timeout)
    }

    /// Lends one connection for several statements. What the body changes in the session stays with the connection:
    /// use `SET LOCAL` in a transaction instead of `SET`.
    @discardableResult
    public func withConnection<T: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        let connection = try await lend()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Runs `body` in one transaction (READ COMMITTED): commits when it returns, rolls back when it throws.
    ///
    /// After a deadlock or a serialization failure it runs again, five times in all; so the body must have no effects
    /// outside the database. Use only the connection that it is given: a second one of the same pool may never come.
    ///
    /// - Throws: What the body throws, and ``PostgresError``. After ``PostgresError/Code/connectionLost`` the
    ///   transaction may have taken effect.
    @discardableResult
    public func transaction<T: Sendable>(
        commit durability: CommitDurability = .immediate, _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        var attempt = 1
        while true {
            let connection = try await lend()
            do {
                let (value, actions) = try await committed(connection, durability, body)
                for action in actions { action() }
                return value
            } catch {
                // The connection knows, also when the body wrapped the database's error into its own.
                let mayRetry = connection.lastFailure.map { $0 == .deadlock || $0 == .serializationFailure } ?? false
                // Those that collided would collide again if they came back at once, together.
                let wait = Duration.milliseconds(Int.random(in: 0..<1 << (attempt + 2)))
                guard mayRetry, attempt < 5, (try? await Task.sleep(for: wait)) != nil else { throw error }
            }
            attempt += 1
        }
    }

    /// Closes the idle connections now and the lent ones when they come back. Whoever waits or asks later is refused
    /// with ``PostgresError/Code/poolClosed``.
    public func close() async {
        let (idle, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .failure(Self.closed)) }
        for connection in idle { await connection.close() }
    }
}

extension PostgresPool {
    private func committed<T: Sendable>(
        _ connection: PostgresConnection, _ durability: CommitDurability,
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> (value: T, actions: [@Sendable () -> Void]) {
        defer { giveBack(connection) }
        return (try await connection.transaction(commit: durability, body), connection.takeAfterCommit())
    }

    private static var closed: PostgresError { PostgresError(.poolClosed, "the connection pool is closed") }

    private func lend() async throws(PostgresError) -> PostgresConnection {
        var turn = try await nextTurn()
        if case .use(let connection) = turn {
            if connection.isReusable { return connection }
            turn = .open
        }
        do throws(PostgresError) {
            return try await openConnection()
        } catch {
            perform(state.withLock { $0.lose() })
            throw error
        }
    }

    /// Opens a connection outside the pool's count.
    func openConnection() async throws(PostgresError) -> PostgresConnection {
        try await PostgresConnection.open(settings, statementTimeout: statementTimeout)
    }

    private func giveBack(_ connection: PostgresConnection) {
        perform(state.withLock { connection.isReusable ? $0.giveBack(connection) : $0.lose() })
    }

    private func perform(_ release: State.Release) {
        switch release {
        case .keep: break
        // Dropping the last reference closes it.
        case .close: break
        case .wake(let waiter, let turn): waiter.resume(returning: .success(turn))
        }
    }

    private func nextTurn() async throws(PostgresError) -> PoolTurn<PostgresConnection> {
        let id = waiters.add(1, ordering: .relaxed).newValue
        let limit = waitTimeout
        var patience: Task<Void, Never>?
        defer { patience?.cancel() }
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Turn, Never>) in
                let answer = state.withLock { state in
                    let answer = state.request()
                    if case .wait = answer { state.enqueue(waiter, id: id) }
                    return answer
                }
                switch answer {
                case .go(let turn): waiter.resume(returning: .success(turn))
                case .closed: waiter.resume(returning: .failure(Self.closed))
                case .wait:
                    patience = Task {
                        guard (try? await Task.sleep(for: limit)) != nil else { return }
                        refuse(
                            id, PostgresError(.timeout, "no connection became free in \(limit); is the pool too small?")
                        )
                    }
                    // The handler below may have run before there was anything to withdraw.
                    if Task.isCancelled { refuse(id, Self.cancelled) }
                }
            }
        } onCancel: {
            refuse(id, Self.cancelled)
        }
        return try turn.get()
    }

    private static var cancelled: PostgresError {
        PostgresError(.cancelled, "the task was cancelled while it waited for a connection")
    }

    private func refuse(_ id: UInt64, _ error: PostgresError) {
        let waiter = state.withLock { $0.withdraw(id: id) }
        waiter?.resume(returning: .failure(error))
    }
}
