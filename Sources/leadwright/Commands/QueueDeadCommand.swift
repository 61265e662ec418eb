import Foundation
import JSON
import JobQueue
import PostgresClient

extension Command {
    /// `leadwright queue dead`
    static let queueDead = Command(
        "queue dead", "Show the dead letters by their reasons.",
        discussion: """
            Jobs that no further attempt could help, the most frequent reason first, numbers and ids left out of it.
            `leadwright why LEAD` tells what happened to one; `leadwright queue redrive` brings them back.
            """,
        options: [.database, .tenant, .stage, .json]
    ) { arguments in
        let stage = try arguments.stage()
        let pool = try await Installation.migratedPool(arguments)
        let queue = JobQueue(pool: pool, worker: Installation.workerName)
        let letters = try await queue.deadLetters(tenant: arguments["--tenant"], stage: stage)
        await pool.close()
        if arguments.has("--json") {
            for letter in letters { print(letter.json.canonicalText) }
        } else if letters.isEmpty {
            print("no dead letters")
        } else {
            let rows = letters.map {
                [
                    String($0.count), $0.stage, $0.first.formatted(.iso8601), $0.last.formatted(.iso8601),
                    String($0.example), $0.reason,
                ]
            }
            print(TextTable(["jobs", "stage", "first died", "last died", "example", "reason"], rows).text)
        }
    }

    /// `leadwright queue redrive`
    static let queueRedrive = Command(
        "queue redrive", "Bring dead letters back.",
        discussion: """
            As new jobs at the ends of their lanes, with all attempts before them. Those whose time has passed stay dead.
            Options are taken together. Safe to repeat and to interrupt, and for several people at once.
            """,
        options: [
            .database, .tenant, .stage,
            Option("--reason", "TEXT", "Only those whose reason, as `queue dead` shows it or in full, holds the text."),
            Option("--job", "ID", "Only this job."),
            Option("--all", nil, "All of them; needed when no other option is given."), .json,
        ]
    ) { arguments in
        let job = try arguments["--job"] == nil ? nil : arguments.number("--job", default: Int64(0))
        let filter = DeadLetterFilter(
            tenant: arguments["--tenant"], stage: try arguments.stage(), reason: arguments["--reason"], job: job)
        guard (filter == DeadLetterFilter()) == arguments.has("--all") else {
            throw CommandError.usage("say which: --tenant, --stage, --reason or --job; or --all alone")
        }
        let pool = try await Installation.migratedPool(arguments)
        let redrive = try await JobQueue(pool: pool, worker: Installation.workerName).redrive(filter)
        await pool.close()
        if arguments.has("--json") {
            let figures: JSONValue = [
                "redriven": .integer(Int64(redrive.jobs.count)), "stale": .integer(Int64(redrive.stale.count)),
            ]
            print(figures.canonicalText)
        } else {
            print("\(redrive.jobs.count) brought back; \(redrive.stale.count) stay dead because their time has passed")
        }
    }
}

extension DeadLetters {
    fileprivate var json: JSONValue {
        [
            "stage": .string(stage), "reason": .string(reason), "count": .integer(Int64(count)),
            "first": .string(first.precise), "last": .string(last.precise), "example_job": .integer(example),
        ]
    }
}
