/// How long and how much the server lets one connection take: what keeps slow and hostile clients from holding it.
public struct HTTPServerLimits: Sendable, Hashable {
    /// From the first byte of a request to the end of its header fields.
    public var headTime: Duration
    /// From the end of the header fields to the end of the body.
    public var bodyTime: Duration
    /// Between two requests on one connection, and before the first.
    public var idleTime: Duration
    /// Without any progress while a response is sent.
    public var sendTime: Duration
    /// The request line and the header fields together.
    public var headBytes: Int
    /// The number of header fields in one request.
    public var headerFields: Int
    /// Connections served at once; more wait in the listen queue.
    public var connections: Int

    /// Creates limits; the defaults suit a server behind a reverse proxy and one that faces the internet alike.
    public init(
        headTime: Duration = .seconds(10), bodyTime: Duration = .seconds(30), idleTime: Duration = .seconds(75),
        sendTime: Duration = .seconds(30), headBytes: Int = 32 << 10, headerFields: Int = 128, connections: Int = 4096
    ) {
        self.headTime = headTime
        self.bodyTime = bodyTime
        self.idleTime = idleTime
        self.sendTime = sendTime
        self.headBytes = headBytes
        self.headerFields = headerFields
        self.connections = connections
    }
}
