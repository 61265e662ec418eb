/// How much the gateway takes in before it asks senders to come again.
public struct IntakeLimits: Sendable, Hashable {
    /// Requests between their arrival and their answer.
    public var requests: Int
    /// The bytes of their bodies.
    public var bytes: Int
    /// Deliveries that share a transaction.
    public var batchRequests: Int
    /// The bytes of their bodies; a larger one goes alone.
    public var batchBytes: Int

    /// Creates limits. With the defaults those that wait fill four transactions, so that also on a slow disk the last one
    /// is answered within the five seconds that HubSpot waits.
    public init(requests: Int = 1024, bytes: Int = 64 << 20, batchRequests: Int = 256, batchBytes: Int = 4 << 20) {
        self.requests = requests
        self.bytes = bytes
        self.batchRequests = batchRequests
        self.batchBytes = batchBytes
    }
}
