import HTTPTypes
import JSON
import JobQueue
import PostgresClient
import Telemetry

/// Answers the operator's questions: may traffic come, and how much is there to do.
struct Health: Sendable {
    let pool: PostgresPool
    let queue: JobQueue
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
            let depths = try await queue.depths()
            text += Metrics.gauge(
                "leadwright_jobs", "Live jobs by stage and state.",
                depths.map { (["stage": $0.stage, "state": $0.state], Double($0.count)) })
            text += Metrics.gauge(
                "leadwright_jobs_oldest_seconds", "Age of the oldest job by stage and state.",
                depths.map { (["stage": $0.stage, "state": $0.state], $0.oldest / .seconds(1)) })
            text += Metrics.gauge("leadwright_database_up", "Whether the database answers.", [([:], 1)])
        } catch {
            text += Metrics.gauge("leadwright_database_up", "Whether the database answers.", [([:], 0)])
        }
        return HTTPResponse(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", text: text)
    }
}
