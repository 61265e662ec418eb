import Configuration
import Foundation
import HTTPClient
import JobQueue
import LanguageModel
import Pipeline
import PostgresClient
import Telemetry

extension Command {
    /// `leadwright worker`
    static let worker = Command(
        "worker", "Write the messages.",
        discussion: """
            Claims events, reads their leads, writes the texts with the model and puts them into the CRM. Any number
            of workers may share a database. SIGTERM lets it finish what it holds. It prints one line once
            the model is loaded.
            """,
        options: [
            .database, .model,
            .modelThreads,
            Option(
                "--texts", "N",
                "Texts in the making at once; 4 unless given, 16 with a model server.",
                environment: "LEADWRIGHT_TEXTS"),
            Option(
                "--lease", "SECONDS",
                "How long claimed work is kept without a sign of life, 1 at least; 30 unless given."),
            .withParent,
        ]
    ) { arguments in
        let lease = try arguments.number("--lease", default: 30.0)
        guard (1...86_400).contains(lease) else { throw CommandError.usage("--lease needs 1 second or more") }
        let texts = try arguments.count("--texts")
        let pool = try await Installation.migratedPool(arguments, size: 8)
        let model = try await loadLanguageModel(arguments.value("--model"), threads: arguments.modelThreads())
        let key = try Installation.key()
        var limits = Worker.Limits()
        limits.generate = texts ?? (model is LocalModel ? limits.generate : 16)
        let worker = Worker(
            pool: pool, queue: JobQueue(pool: pool, worker: Installation.workerName, lease: .seconds(lease)),
            configuration: ConfigurationStore(pool: pool, key: key), model: model, client: HTTPClient(), key: key,
            limits: limits)
        let shutdown = Shutdown(withParent: arguments.has("--with-parent"))
        let work = Task { await worker.run() }
        Leadwright.announce("worker ready with \(model.identity.name)")
        await shutdown.requested()
        work.cancel()
        await work.value
        await pool.close()
    }
}
