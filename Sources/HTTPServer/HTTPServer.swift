public import HTTPTypes
import Synchronization

/// An HTTP/1.1 server on one thread: it collects whole requests, hands each to an async handler, and sends the
/// response.
///
/// The handler runs in a task of its own per request and is cancelled when its client goes away. The request's target
/// and header fields arrive exactly as they were sent. Malformed requests (400), bodies over the limit (413), heads
/// over the limit (431) and slow ones (408) are answered here and never reach the handler. Nothing is logged.
///
/// ```swift
/// let server = HTTPServer { request in HTTPResponse(status: 200, contentType: "text/plain", text: request.path) }
/// let port = try await server.start()
/// …
/// await server.stop()
/// ```
///
/// Memory per connection is bounded by the body limit, the head limit and 64 KiB of requests sent ahead. TLS belongs
/// to the reverse proxy in front.
public final class HTTPServer: Sendable {
    private enum State {
        case new
        case started(ServiceLoop)
    }

    private let host: String
    private let port: Int
    private let limits: HTTPServerLimits
    private let maximumBodyBytes: Int
    private let handler: @Sendable (HTTPRequest) async -> HTTPResponse
    private let state = Mutex(State.new)

    /// Creates a server that does nothing yet.
    ///
    /// - Parameters:
    ///   - host: An address or name of this machine; empty or `*` for every interface.
    ///   - port: The port, or 0 for any free one.
    ///   - maximumBodyBytes: Larger bodies are answered with 413 and their connection is closed.
    ///   - limits: Times and sizes that bound what one client can hold.
    ///   - handler: Makes the response. Its response's framing fields (Content-Length, Transfer-Encoding) are the
    ///     server's to set; `Connection: close` is obeyed.
    public init(
        host: String = "127.0.0.1", port: Int = 0, maximumBodyBytes: Int = 1 << 20, limits: HTTPServerLimits = .init(),
        handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.host = host
        self.port = port
        self.maximumBodyBytes = maximumBodyBytes
        self.limits = limits
        self.handler = handler
    }

    deinit {
        state.withLock { state in
            if case .started(let loop) = state { loop.abort() }
        }
    }

    /// Listens and serves. A server starts once.
    ///
    /// - Returns: the port it listens on.
    /// - Throws: ``HTTPServerError`` when the address is taken, foreign or not permitted.
    public func start() async throws(HTTPServerError) -> Int {
        try state.withLock { state throws(HTTPServerError) -> Int in
            guard case .new = state else {
                throw HTTPServerError(.alreadyStarted, "this server was started before; make a new one")
            }
            let listener = try Listener(host: host, port: port)
            let loop = ServiceLoop(
                listener: listener, limits: limits, maximumBodyBytes: maximumBodyBytes, handler: handler)
            try loop.start()
            state = .started(loop)
            return listener.port
        }
    }

    /// Stops listening, waits for the requests in flight, and closes every connection. Safe to call more than once.
    ///
    /// - Parameter grace: After this time the requests still in flight are cancelled and cut off.
    public func stop(within grace: Duration = .seconds(10)) async {
        guard case .started(let loop) = state.withLock({ $0 }) else { return }
        loop.stop()
        let deadline = Task {
            try await Task.sleep(for: grace)
            loop.abort()
        }
        await loop.finished()
        deadline.cancel()
    }
}
