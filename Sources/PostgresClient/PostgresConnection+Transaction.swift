/// When a transaction counts as committed.
public enum CommitDurability: Sendable, Hashable {
    /// When it is on the disk.
    case immediate
    /// At once; it is on the disk within a second, or as soon as a later one is that waits for it. A crash of the server
    /// before then undoes it as a whole, and nothing that was committed before it.
    case deferred
}

extension PostgresConnection {
    /// Runs `body` in one transaction: commits when it returns, rolls back when it throws.
    ///
    /// A COMMIT is not interrupted by a cancelled task. If the connection breaks during it, the error is
    /// ``PostgresError/Code/connectionLost``, and the transaction may or may not have taken effect.
    package nonisolated func transaction<T: Sendable>(
        commit durability: CommitDurability = .immediate, _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        try begin(durability)
        return try await withTaskExecutorPreference(thread) {
            let value: T
            do {
                value = try await body(self)
            } catch {
                await rollBack()
                throw error
            }
            try await commit()
            return value
        }
    }

    private nonisolated func commit() async throws(PostgresError) {
        if endEmptyTransaction() { return }
        let command = try await statement(shielded: true) { session, deadline throws(PostgresError) in
            try session.commit(until: deadline)
        }
        guard command == "COMMIT" else {
            throw PostgresError(
                .rolledBack, "the transaction was rolled back, because a statement in it had failed unnoticed")
        }
    }

    /// Failing to roll back is no error of its own: the session is lost then, and the server rolls back by itself.
    private nonisolated func rollBack() async {
        if endEmptyTransaction() { return }
        _ = try? await statement(shielded: true) { session, deadline throws(PostgresError) in
            try session.rollBack(until: deadline)
        }
    }
}
