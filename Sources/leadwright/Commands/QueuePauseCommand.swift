import JSON
import JobQueue
import PostgresClient

extension Command {
    /// `leadwright queue pause`
    static let queuePause = Command(
        "queue pause", "Stop a part of the queue, or all of it.",
        discussion: """
            Workers take no more of its jobs; what they hold they finish. No attempt is counted. Options are taken
            together: a tenant's jobs, a CRM's, a stage's, or a tenant's of a stage. `queue status` lists the pauses.
            """,
        options: [.database, .tenant, .crm, .stage, .json]
    ) { arguments in
        let scope = try arguments.scope()
        let pool = try await Installation.migratedPool(arguments)
        let isNew = try await JobQueue(pool: pool, worker: Installation.workerName).pause(scope)
        await pool.close()
        if arguments.has("--json") {
            print((["paused": true, "was_paused": .bool(!isNew)] as JSONValue).canonicalText)
        } else {
            print(isNew ? "paused: \(scope)" : "was paused already: \(scope)")
        }
    }

    /// `leadwright queue resume`
    static let queueResume = Command(
        "queue resume", "End a pause.",
        discussion: """
            Give the same options as to `queue pause`. What another pause covers stays stopped. Interrupted, it can be
            run again.
            """,
        options: [.database, .tenant, .crm, .stage, .json]
    ) { arguments in
        let scope = try arguments.scope()
        let pool = try await Installation.migratedPool(arguments)
        let freed = try await JobQueue(pool: pool, worker: Installation.workerName).resume(scope)
        await pool.close()
        if arguments.has("--json") {
            print((["paused": false, "jobs": .integer(Int64(freed))] as JSONValue).canonicalText)
        } else {
            print("resumed: \(scope); \(freed) jobs that had been parked go on")
        }
    }
}
