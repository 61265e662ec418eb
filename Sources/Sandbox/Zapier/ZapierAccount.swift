package import Foundation
package import HTTPTypes
import JSON

/// A Zapier account with Zaps in both directions: from Leadwright's trigger to whatever, and from whatever to
/// Leadwright's webhook.
package struct ZapierAccount: SandboxSystem {
    package private(set) var settings: ZapierSettings
    package var address = ""
    package var outbox: Outbox<ZapierMessage>
    package var faults = Faults()
    package var statistics = CallStatistics()

    /// Zaps that start with our trigger, by the last part of their hook address.
    var zaps: [String: Zap] = [:]
    var leads: [ZapierLead] = []
    var random: SeededGenerator
    private var lastNumber = 0

    package init(_ settings: ZapierSettings = ZapierSettings()) {
        self.settings = settings
        outbox = Outbox(policy: settings.delivery, seed: settings.seed)
        random = SeededGenerator(seed: settings.seed &+ 1)
    }

    package mutating func configure(_ settings: ZapierSettings) {
        self.settings = settings
        outbox.policy = settings.delivery
    }

    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    private static let routes: [Route<ZapierAccount>] = [
        Route("POST", "/hooks/standard/{account}/{hook}") { try $0.receive($1) },
        Route("DELETE", "/hooks/standard/{account}/{hook}") { try $0.drop($1) },
    ]

    package mutating func serve(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let call = Call(request: request, now: now)
        let response = try Route.answer(call, path: request.path, by: Self.routes, on: &self)
        guard let response else { throw Refusal(.json(["status": "error"], status: 404)) }
        return response
    }

    package func isWrite(_ request: HTTPRequest) -> Bool { request.method == "POST" }

    package mutating func answer(to fault: Faults.Failure) -> HTTPResponse {
        fault == .rateLimit ? tooMany : .json(["status": "error", "errors": ["internal error"]], status: 500)
    }

    private var tooMany: HTTPResponse {
        .json(["status": "error", "errors": ["Too many requests"]], status: 429)
    }

    private func zap(_ call: Call) throws(Refusal) -> Zap {
        guard call.part("account") == settings.account, let zap = zaps[call.part("hook")], zap.state != .off else {
            throw Refusal(.json(["status": "error", "errors": ["please unsubscribe me!"]], status: 410))
        }
        return zap
    }

    /// 200 says that the post is queued, not that the Zap succeeds.
    private mutating func receive(_ call: Call) throws(Refusal) -> HTTPResponse {
        var zap = try zap(call)
        guard zap.hasRoom(limit: settings.hookLimit, now: call.now) else { throw Refusal(tooMany) }
        guard let body = try? JSONValue(parsing: call.request.body) else {
            throw Refusal(.json(["status": "error", "errors": ["not JSON"]], status: 400))
        }
        for element in body.array ?? [body] {
            zap.receive(element)
            statistics.writes += 1
        }
        zaps[zap.id] = zap
        return .json([
            "status": "success", "id": .string(random.uuid()), "request_id": .string(random.uuid()),
            "attempt": .string(random.uuid()),
        ])
    }

    /// The reverse unsubscribe: we told Zapier that the hook is gone.
    private mutating func drop(_ call: Call) throws(Refusal) -> HTTPResponse {
        let zap = try zap(call)
        zaps[zap.id]?.state = .off
        return .json(["status": "success"])
    }
}
