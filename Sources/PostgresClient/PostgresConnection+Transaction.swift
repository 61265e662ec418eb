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
    package func transaction<T: Sendable>(
        commit durability: CommitDurability = .immediate, _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        forgetTransaction()
        try await begin(durability)
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

    private func begin(_ durability: CommitDurability) async throws(PostgresError) {
        try await statement { session, _ throws(PostgresError) in
            guard session.isIdle else {
                // Postgres would only warn, and the inner COMMIT would end the outer transaction.
                throw PostgresError(
                    .server, "a transaction cannot begin inside another; pass its connection on instead")
            }
            session.begin(durability)
        }
    }

    private func commit() async throws(PostgresError) {
        let command = try await statement(shielded: true) { session, deadline throws(PostgresError) in
            try session.end(by: "COMMIT", until: deadline)
        }
        guard command == "COMMIT" else {
            throw PostgresError(
                .rolledBack, "the transaction was rolled back, because a statement in it had failed unnoticed")
        }
    }

    /// Failing to roll back is no error of its own: the session is lost then, and the server rolls back by itself.
    private func rollBack() async {
        _ = try? await statement(shielded: true) { session, deadline throws(PostgresError) in
            try session.end(by: "ROLLBACK", until: deadline)
        }
    }
}
