/// A message of `NOTIFY`.
public struct PostgresNotification: Sendable, Hashable {
    /// Where it was sent to.
    public let channel: String
    /// What was sent, often nothing.
    public let payload: String

    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}

/// Notifications of some channels, from a connection of its own that is made again whenever it breaks.
///
/// Postgres keeps no notification for a listener that is away. So each time listening starts, at first and after every
/// reconnection, ``Event/listening`` comes: look then for what you may have missed.
///
/// ```swift
/// for await event in pool.listen(to: ["jobs"]) { … }
/// ```
///
/// It ends when its task is cancelled. LISTEN needs a session of its own: PgBouncer in transaction mode loses it.
public struct PostgresListener: AsyncSequence, Sendable {
    /// What happened.
    public enum Event: Sendable, Hashable {
        /// From now on nothing is missed.
        case listening
        /// A message came.
        case notification(PostgresNotification)
    }

    private let pool: PostgresPool
    private let channels: [String]

    init(pool: PostgresPool, channels: [String]) {
        self.pool = pool
        self.channels = channels
    }

    public func makeAsyncIterator() -> Iterator { Iterator(pool: pool, channels: channels) }

    /// Holds the connection; closed with the iterator.
    public struct Iterator: AsyncIteratorProtocol {
        private let pool: PostgresPool
        private let channels: [String]
        private var connection: PostgresConnection?
        private var failures = 0

        init(pool: PostgresPool, channels: [String]) {
            self.pool = pool
            self.channels = channels
        }

        public mutating func next() async -> Event? {
            while !Task.isCancelled {
                do throws(PostgresError) {
                    if let connection {
                        return .notification(try await connection.nextNotification())
                    }
                    let fresh = try await pool.openConnection()
                    try await fresh.listen(to: channels)
                    connection = fresh
                    failures = 0
                    return .listening
                } catch {
                    connection = nil
                    guard await backOff() else { return nil }
                }
            }
            return nil
        }

        /// Waits between attempts, at first 50 ms and at most 5 s, spread by chance so that a hundred processes do
        /// not all come back in the same moment. False when the task was cancelled.
        private mutating func backOff() async -> Bool {
            let ceiling = Swift.min(5000, 50 << Swift.min(failures, 7))
            failures += 1
            let wait = Duration.milliseconds(Int.random(in: ceiling / 2...ceiling))
            return (try? await Task.sleep(for: wait)) != nil
        }
    }
}

extension PostgresPool {
    /// Listens to channels on a connection outside the pool's count.
    public func listen(to channels: [String]) -> PostgresListener {
        PostgresListener(pool: self, channels: channels)
    }
}

extension PostgresConnection {
    func listen(to channels: [String]) async throws(PostgresError) {
        let script = channels.map { "LISTEN " + SQL.identifier($0) }.joined(separator: "; ")
        try await execute(script: script, timeout: nil)
    }

    func nextNotification() async throws(PostgresError) -> PostgresNotification {
        try await statement { session, _ throws(PostgresError) in try session.nextNotification() }
    }
}
