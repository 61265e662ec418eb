import HTTPTypes
import JSON
import PostgresClient
import Telemetry

/// Answers the operator's questions: may traffic come, and how much is there to do.
struct Health: Sendable {
    let pool: PostgresPool
    let queue: QueueGauges
    let deliveries: DeliveryCommits
    let metrics: Metrics

    /// 200 while the database answers, else 503; load balancers ask for it.
    func readiness() async -> HTTPResponse {
        do {
            _ = try await pool.query("SELECT 1")
            return .json(200, ["ready": true])
        } catch {
            return .json(503, ["ready": false, "reason": .string(error.description)])
        }
    }

    /// Prometheus' text format: this process' counters, and the queue as the database has it.
    func metricsPage() async -> HTTPResponse {
        var text = metrics.rendered()
        text += Metrics.gauge(
            "leadwright_webhooks_in_hand", "Webhook requests between arrival and answer.",
            [([:], Double(deliveries.held))])
        do {
            text += try await queue.page()
            text += Metrics.gauge("leadwright_database_up", "Whether the database answers.", [([:], 1)])
        } catch {
            text += Metrics.gauge("leadwright_database_up", "Whether the database answers.", [([:], 0)])
        }
        return HTTPResponse(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", text: text)
    }
}
