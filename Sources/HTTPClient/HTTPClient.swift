public import HTTPTypes

/// An HTTP client on one thread, with connections kept and shared among its requests.
///
/// It verifies certificates, follows no redirects, reads no proxy from the environment and speaks http and https only.
/// A response of any status is a response; errors mean that there is none.
///
/// ```swift
/// let client = HTTPClient()
/// let response = try await client.send(HTTPRequest("GET", "https://api.hubapi.com/…", headers: […]))
/// ```
public final class HTTPClient: Sendable {
    private let configuration: HTTPClientConfiguration
    private let loop = TransferLoop()

    /// Creates a client and starts its thread.
    public init(configuration: HTTPClientConfiguration = .init()) {
        self.configuration = configuration
        loop.start(connectionsPerHost: configuration.connectionsPerHost)
    }

    deinit { loop.close() }

    /// Sends a request and collects its response. Cancelling the task ends the transfer at once.
    ///
    /// Requests that are no repetition-safe writes (POST, PATCH) are sent at most once. Others may be sent a second
    /// time by libcurl when a kept connection turns out to be closed.
    ///
    /// - Parameters:
    ///   - request: Its target is an absolute URL; the path and query are sent as they are written.
    ///   - timeout: From now until the whole response is there.
    /// - Throws: ``HTTPClientError``, whose `mayHaveReachedServer` says whether the result of a write is unknown.
    public func send(_ request: HTTPRequest, timeout: Duration = .seconds(30)) async throws(HTTPClientError)
        -> HTTPResponse
    {
        let transfer = try Transfer(request, timeout: timeout, configuration: configuration)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { loop.start(transfer, $0) }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }

    /// Fails the requests in flight and closes all connections. Safe to call more than once.
    public func close() async {
        loop.close()
        await loop.finished()
    }
}
