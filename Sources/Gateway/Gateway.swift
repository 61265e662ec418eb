public import Configuration
public import HTTPTypes
public import JobQueue
public import PostgresClient
public import Telemetry

/// The HTTP side of Leadwright: takes deliveries in and tells operators how it is.
///
/// A 2xx answer to a webhook means that it is committed. `respond(to:)` is a function from request to response and
/// holds no connection state; `HTTPServer` calls it.
public struct Gateway: Sendable {
    private let intake: Intake
    private let hooks: ZapierHooks
    private let health: Health
    private let metrics: Metrics
    private let log: Log

    /// A gateway over one database.
    public init(
        pool: PostgresPool, configuration: ConfigurationStore, queue: JobQueue, limits: IntakeLimits = IntakeLimits(),
        metrics: Metrics = Metrics(), log: Log = Log("gateway")
    ) {
        let deliveries = DeliveryCommits(
            store: DeliveryStore(pool: pool, queue: queue), limits: limits, metrics: metrics)
        self.intake = Intake(configuration: configuration, deliveries: deliveries, metrics: metrics, log: log)
        self.hooks = ZapierHooks(pool: pool, configuration: configuration)
        self.health = Health(
            pool: pool, queue: QueueGauges(queue: queue), deliveries: deliveries, metrics: metrics)
        self.metrics = metrics
        self.log = log
    }

    /// Answers one request. Never throws: whatever happens has a status.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let path = request.path.split(separator: "/").map(String.init)
        let response: HTTPResponse
        do {
            response = try await route(request, path)
        } catch let error as GatewayError {
            response = error.response
        } catch {
            // The database is the only thing below us that can fail; its errors are safe to print.
            log(.error, "request failed", ["error": "\(error)", "route": path.first ?? "/"])
            response = GatewayError(.unavailable, "try again in a few seconds").response
        }
        metrics.count(Self.requests, ["route": path.first ?? "/", "status": "\(response.status)"])
        metrics.observe(Self.durations, start.duration(to: .now), ["route": path.first ?? "/"])
        return response
    }

    private func route(_ request: HTTPRequest, _ path: [String]) async throws -> HTTPResponse {
        switch (path.first, path.count) {
        case ("webhooks", 2...):
            try require("POST", of: request)
            return try await intake.receive(request, connection: path[1])
        case ("zapier", 2...):
            return try await hooks.respond(to: request, Array(path.dropFirst()))
        case ("healthz", 1):
            return HTTPResponse(status: 200, contentType: "text/plain; charset=utf-8", text: "ok\n")
        case ("readyz", 1):
            return await health.readiness()
        case ("metrics", 1):
            return await health.metricsPage()
        default:
            throw GatewayError(.notFound, "nothing is here; webhooks are received at /webhooks/CONNECTION")
        }
    }

    private func require(_ method: String, of request: HTTPRequest) throws(GatewayError) {
        guard request.method == method else {
            throw GatewayError(.methodNotAllowed, "use \(method)")
        }
    }

    private static let requests = Metrics.Counter("leadwright_http_requests_total", "Requests by route and status.")
    private static let durations = Metrics.Histogram(
        "leadwright_http_request_duration_seconds", "Time from a whole request to its answer.")
}
