package import Foundation
import HTTPClient
import HTTPServer
import HTTPTypes
import JSON
import Synchronization

/// A stand-in on a port: real HTTP in front of a ``SandboxSystem``, and a sender behind it.
///
/// ```swift
/// let sandbox = SandboxServer(HubSpotPortal())
/// let address = try await sandbox.start()
/// …
/// await sandbox.stop()
/// ```
package final class SandboxServer<System: SandboxSystem>: Sendable {
    /// Somebody who waits for the outbox to be empty.
    private struct Waiter {
        let continuation: CheckedContinuation<Bool, Never>
        /// Gives up in his place.
        let deadline: Task<Void, any Error>

        func resume(returning isIdle: Bool) {
            deadline.cancel()
            continuation.resume(returning: isIdle)
        }
    }

    private struct State {
        var system: System
        var waiting: [Int: Waiter] = [:]
        var lastWaiter = 0
        var isStopped = false
    }

    private let state: Mutex<State>
    private let host: String
    private let port: Int
    private let publicURL: String?
    private let now: @Sendable () -> Date
    private let client = HTTPClient(configuration: HTTPClientConfiguration(allowPrivateAddresses: true))
    private let server = Mutex<HTTPServer?>(nil)
    private let sender = Mutex<Task<Void, Never>?>(nil)
    private let bound = Mutex(0)
    private let wakeUps = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Prepares a stand-in.
    ///
    /// - Parameters:
    ///   - port: The port to listen on; 0 takes a free one.
    ///   - publicURL: How others reach it, where that is not the host and port.
    ///   - now: The clock, for time stamps, token lifetimes and retries.
    package init(
        _ system: System, host: String = "127.0.0.1", port: Int = 0, publicURL: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        state = Mutex(State(system: system))
        self.host = host
        self.port = port
        self.publicURL = publicURL
        self.now = now
    }

    /// Opens the port and begins to send.
    ///
    /// - Returns: the address.
    package func start() async throws(SandboxError) -> String {
        let server = HTTPServer(host: host, port: port, maximumBodyBytes: 12 << 20) { [weak self] request in
            await self?.answer(request) ?? HTTPResponse(status: 503)
        }
        let bound: Int
        do {
            bound = try await server.start()
        } catch {
            throw SandboxError(.cannotListen, "cannot listen on \(host):\(port): \(error)", underlying: error)
        }
        let address = publicURL ?? "http://\(host):\(bound)"
        self.server.withLock { $0 = server }
        self.bound.withLock { $0 = bound }
        with { $0.address = address }
        sender.withLock { $0 = Task { await self.send() } }
        return address
    }

    /// The port it listens on; 0 before it started.
    package var boundPort: Int { bound.withLock { $0 } }

    /// Finishes the calls in flight and stops. What was not sent is lost, as everything the stand-in kept.
    package func stop() async {
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume(returning: false) }
        await server.withLock { $0 }?.stop(within: .seconds(2))
        wakeUps.continuation.finish()
        let task = sender.withLock { $0 }
        task?.cancel()
        await task?.value
        await client.close()
    }

    /// Looks at the system, or changes it as no caller could, between two calls.
    package func with<Result: Sendable>(_ body: @Sendable (inout System) throws -> Result) rethrows -> Result {
        defer { wakeUps.continuation.yield() }
        return try state.withLock { try body(&$0.system) }
    }

    /// Waits until everything was delivered or given up.
    ///
    /// - Returns: whether it came to that in time.
    package func waitUntilIdle(within timeout: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.system.outbox.isIdle { return true }
                if state.isStopped { return false }
                state.lastWaiter += 1
                let id = state.lastWaiter
                // It cannot look before this lock is released, whatever the time.
                let deadline = Task {
                    try await Task.sleep(for: timeout)
                    self.state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: false)
                }
                state.waiting[id] = Waiter(continuation: continuation, deadline: deadline)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/sandbox/idle" { return await idleAnswer(request) }
        let time = now()
        let answer = state.withLock { state in
            request.path.hasPrefix("/sandbox/")
                ? SandboxAnswer(response: state.system.administration(request, now: time))
                : state.system.answer(request, now: time)
        }
        wakeUps.continuation.yield()
        // Held-back answers end early when the caller goes away: the server cancels this task then.
        if let delay = answer.delay { try? await Task.sleep(for: delay) }
        guard let held = answer.lostAfter else { return answer.response }
        try? await Task.sleep(for: held)
        return HTTPResponse(status: 504, contentType: "text/html", text: "<h1>504 Gateway Time-out</h1>")
    }

    private func idleAnswer(_ request: HTTPRequest) async -> HTTPResponse {
        let wanted = request.query.first { $0.name == "timeout_seconds" }.flatMap { Double($0.value) }
        let isIdle = await waitUntilIdle(within: .seconds(min(max(wanted ?? 10, 0), 120)))
        return .json(["idle": .bool(isIdle)])
    }
}

/// The sending side.
extension SandboxServer {
    /// Makes requests as the outbox says, until the stand-in stops. It sleeps until something is queued, a request
    /// ends, or a retry falls due.
    private func send() async {
        await withDiscardingTaskGroup { group in
            var alarm: Task<Void, Never>?
            for await _ in wakeUps.stream {
                alarm?.cancel()
                let time = now()
                let (requests, due) = state.withLock { state in
                    let attempts = state.system.outbox.start(now: time)
                    let requests = attempts.map { ($0, state.system.request(for: $0, now: time)) }
                    return (requests, state.system.outbox.nextDue)
                }
                for (attempt, request) in requests {
                    group.addTask { await self.perform(attempt, request) }
                }
                guard let due, due > time else { continue }
                alarm = Task { [wakeUps] in
                    guard (try? await Task.sleep(for: .seconds(due.timeIntervalSince(time)))) != nil else { return }
                    wakeUps.continuation.yield()
                }
            }
            alarm?.cancel()
            group.cancelAll()
        }
    }

    private func perform(_ attempt: DeliveryAttempt<System.Message>, _ request: HTTPRequest) async {
        let timeout = state.withLock { $0.system.outbox.policy.timeoutSeconds }
        let response = try? await client.send(request, timeout: .seconds(timeout))
        let time = now()
        let waiting = state.withLock { state in
            let accepted = state.system.accepts(response, for: attempt, now: time)
            state.system.outbox.finish(attempt, accepted: accepted, now: time)
            guard state.system.outbox.isIdle else { return [Waiter]() }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in waiting { waiter.resume(returning: true) }
        wakeUps.continuation.yield()
    }
}
