import PostgresClient

/// A database in which no delivery can be stored until ``end()``: another transaction holds `event_keys`. With it tests
/// decide what is under way at the same time, and wait for nothing.
struct StalledDatabase {
    private let transaction: Task<Void, any Error>
    private let release: AsyncStream<Void>.Continuation

    init(_ pool: PostgresPool) async {
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        self.release = release
        transaction = Task {
            defer { hold.finish() }
            try await pool.transaction { connection in
                try await connection.execute("LOCK TABLE event_keys IN ACCESS EXCLUSIVE MODE")
                hold.finish()
                for await _ in released {}
            }
        }
        for await _ in held {}
    }

    /// Lets deliveries be stored again.
    func end() async throws {
        release.finish()
        try await transaction.value
    }
}
