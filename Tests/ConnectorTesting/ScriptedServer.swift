import Foundation
import HTTPServer
package import HTTPTypes
package import JSON
import Synchronization

/// A server on a free port of this machine that answers by a test's script and remembers what it was asked.
package final class ScriptedServer: Sendable {
    /// Where it is reached.
    package let url: String

    private let server: HTTPServer
    private let log: RequestLog
    /// Ends when the server stops: whoever is never answered waits for it.
    private let silence: AsyncStream<Never>.Continuation

    /// Starts a server. The script gets each request and how many came before it; `nil` means that the answer never
    /// comes.
    package static func start(_ script: @escaping @Sendable (HTTPRequest, Int) -> HTTPResponse?) async throws
        -> ScriptedServer
    {
        let log = RequestLog()
        let (stream, silence) = AsyncStream<Never>.makeStream()
        let broken = Task { for await _ in stream {} }
        let server = HTTPServer { request in
            let number = log.append(request)
            if let response = script(request, number) { return response }
            await broken.value
            return HTTPResponse(status: 503)
        }
        let port = try await server.start()
        return ScriptedServer(url: "http://127.0.0.1:\(port)", server: server, log: log, silence: silence)
    }

    private init(url: String, server: HTTPServer, log: RequestLog, silence: AsyncStream<Never>.Continuation) {
        self.url = url
        self.server = server
        self.log = log
        self.silence = silence
    }

    /// What came in, in order of arrival.
    package var requests: [HTTPRequest] { log.requests }

    /// The bodies of the requests to a path, as JSON.
    package func bodies(of path: String) throws -> [JSONValue] {
        try requests.filter { $0.path == path }.map { try JSONValue(parsing: $0.body) }
    }

    /// Stops serving.
    package func stop() async {
        silence.finish()
        await server.stop()
    }
}

private final class RequestLog: Sendable {
    private let entries = Mutex<[HTTPRequest]>([])

    var requests: [HTTPRequest] { entries.withLock { $0 } }

    func append(_ request: HTTPRequest) -> Int {
        entries.withLock { entries in
            entries.append(request)
            return entries.count - 1
        }
    }
}

extension HTTPResponse {
    /// A JSON answer.
    package static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", text: value.canonicalText)
    }
}
