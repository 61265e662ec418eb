/// How a stand-in sends its webhooks, and what it does to them that networks do.
package struct DeliveryPolicy: Codable, Sendable, Hashable {
    /// How many requests are in flight at once.
    package var concurrency: Int
    /// The waits before the second, third, … attempt. After the last one the delivery is given up.
    package var retrySeconds: [Double]
    /// The most events in one request; the system's own limit is not exceeded.
    package var batch: Int
    /// The share of deliveries that are sent twice.
    package var duplicates: Double
    /// The share of events that are overtaken by the one behind them.
    package var reordered: Double
    /// Seconds to wait for the receiver's answer.
    package var timeoutSeconds: Double

    package init(
        concurrency: Int, retrySeconds: [Double], batch: Int = 100, duplicates: Double = 0, reordered: Double = 0,
        timeoutSeconds: Double
    ) {
        self.concurrency = concurrency
        self.retrySeconds = retrySeconds
        self.batch = batch
        self.duplicates = duplicates
        self.reordered = reordered
        self.timeoutSeconds = timeoutSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case concurrency, batch, duplicates, reordered
        case retrySeconds = "retry_seconds"
        case timeoutSeconds = "timeout_seconds"
    }
}
