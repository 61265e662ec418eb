/// What holds for every request of a client.
public struct HTTPClientConfiguration: Sendable, Hashable {
    /// Whether loopback, private, link-local and other addresses that are not public may be connected to. Where the
    /// URL comes from outside, such as a webhook's subscriber, this has to be false: see ``AddressPolicy``.
    public var allowPrivateAddresses: Bool
    /// From the start of a request until its connection stands, with TLS.
    public var connectTimeout: Duration
    /// Larger response bodies, counted after decompression, fail with `.bodyTooLarge`.
    public var maximumBodyBytes: Int
    /// Connections to one host at once; more requests wait for one of them.
    public var connectionsPerHost: Int
    /// A connection idle for longer is not used again.
    public var idleTime: Duration
    /// Whether compressed responses are asked for. They arrive decompressed.
    public var acceptsGzip: Bool
    /// A proxy's URL. The environment's proxy variables are not read, so that requests to a local model or sandbox
    /// never leave the machine. With a proxy, `allowPrivateAddresses` can only check the proxy's own address.
    public var proxy: String?
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthorities: String?

    /// Creates a configuration.
    public init(
        allowPrivateAddresses: Bool = true, connectTimeout: Duration = .seconds(10),
        maximumBodyBytes: Int = 16 << 20, connectionsPerHost: Int = 32, idleTime: Duration = .seconds(30),
        acceptsGzip: Bool = true, proxy: String? = nil, certificateAuthorities: String? = nil
    ) {
        self.allowPrivateAddresses = allowPrivateAddresses
        self.connectTimeout = connectTimeout
        self.maximumBodyBytes = maximumBodyBytes
        self.connectionsPerHost = connectionsPerHost
        self.idleTime = idleTime
        self.acceptsGzip = acceptsGzip
        self.proxy = proxy
        self.certificateAuthorities = certificateAuthorities
    }
}
