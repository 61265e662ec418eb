import Configuration
import Foundation
import Gateway
import HTTPServer
import JobQueue
import PostgresClient
import Telemetry

extension Command {
    /// `leadwright gateway`
    static let gateway = Command(
        "gateway", "Receive webhooks.",
        discussion: """
            POST /webhooks/CONNECTION   a CRM's deliveries; 2xx once committed
            /zapier/…                   what our Zapier app calls
            GET /healthz /readyz        for load balancers
            GET /metrics                for Prometheus

            Put it behind a proxy that ends TLS. It keeps no state: run as many as you like. It prints one line once it
            listens.
            """,
        options: [
            .database,
            Option("--host", "ADDRESS", "The address to listen on; 127.0.0.1 unless given."),
            Option("--port", "PORT", "The port to listen on; 8080 unless given, 0 for any."),
            .withParent,
        ]
    ) { arguments in
        let pool = try await Installation.migratedPool(arguments, size: 8)
        let configuration = ConfigurationStore(pool: pool, key: try Installation.key())
        let queue = JobQueue(pool: pool, worker: Installation.workerName)
        let log = Log("gateway")
        let gateway = Gateway(pool: pool, configuration: configuration, queue: queue, log: log)
        let server = HTTPServer(
            host: try arguments.value("--host", default: "127.0.0.1"),
            port: try arguments.number("--port", default: 8080)
        ) { await gateway.respond(to: $0) }
        let shutdown = Shutdown(withParent: arguments.has("--with-parent"))
        let port = try await server.start()
        Leadwright.announce("gateway listening on port \(port)")
        await shutdown.requested()
        await server.stop()
        await pool.close()
    }
}
