public import PostgresClient

/// Why the queue did not do what was asked.
public struct JobQueueError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// The lease ran out and someone else has the job, or it is finished. Roll back: its effects are not ours.
        case leaseLost = "lease_lost"
        /// There is no such tenant, pause or dead letter.
        case notFound = "not_found"
        /// The database failed; `database` says how.
        case database
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next, fit for a log.
    public let message: String
    /// The jobs whose lease was lost.
    public let jobs: [Int64]
    /// The database's error.
    public let database: PostgresError?

    init(leaseLost jobs: [Int64]) {
        code = .leaseLost
        message =
            "the lease of job \(jobs.map(String.init).joined(separator: ", ")) was lost; drop what was done for it"
        self.jobs = jobs
        database = nil
    }

    init(notFound message: String) {
        code = .notFound
        self.message = message
        jobs = []
        database = nil
    }

    init(_ error: PostgresError) {
        code = .database
        message = error.message
        jobs = []
        database = error
    }

    public var description: String { database.map { "\(code.rawValue): \($0)" } ?? "\(code.rawValue): \(message)" }
}
