import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import Synchronization

/// Stands between the worker and the CRM, so that a test can step in at one call: answer in the CRM's place, or let
/// something happen before the call arrives.
final class Relay: Sendable {
    /// Its answer is the CRM's; `nil` passes the call on.
    typealias Step = @Sendable (HTTPRequest) async -> HTTPResponse?

    private let address: String
    private let client: HTTPClient
    private let step = Mutex<Step>({ _ in nil })
    private let log = Mutex<[HTTPRequest]>([])

    init(to address: String, client: HTTPClient) {
        self.address = address
        self.client = client
    }

    /// What the worker called, in order.
    var requests: [HTTPRequest] { log.withLock { $0 } }

    /// Steps in from now on.
    func stepIn(_ step: @escaping Step) { self.step.withLock { $0 = step } }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        log.withLock { $0.append(request) }
        let step = step.withLock { $0 }
        if let response = await step(request) { return response }
        var passed = HTTPRequest(request.method, address + request.target, body: request.body)
        for name in ["Authorization", "Content-Type"] { passed.headers[name] = request.headers[name] }
        do {
            return try await client.send(passed)
        } catch {
            // What the CRM leaves without an answer, a gateway answers like this.
            return HTTPResponse(status: 504)
        }
    }
}
