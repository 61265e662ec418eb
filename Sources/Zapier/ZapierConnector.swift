public import CRM
import Foundation
public import HTTPClient
import HTTPTypes
import JSON
import Synchronization

/// One Zapier account: texts go out by REST hooks, leads are known by what Zaps told us.
///
/// Options of the connection:
/// - `hook_url`: a Catch Hook to post every text to, besides the subscribed hooks.
/// - `consent` = `assumed`: a lead without `opted_out` may be written to.
/// - `allow_hosts`: the hosts that hooks may be on, separated by commas; `hooks.zapier.com` without it.
/// - `allow_insecure_hosts`: hosts (or host:port) that may be posted to by plain http, for a sandbox.
///
/// A write target is the event that Zaps subscribe to: `lead.content_ready`.
public final class ZapierConnector: Connector {
    public let connection: ConnectionSettings

    private let client: HTTPClient
    private let timeout: Duration
    private let hooks: any HookDirectory
    private let policy: HookAddressPolicy
    private let targets: [ContentTarget]
    /// Which hooks took an intent that another hook did not: trying again must not start the first Zap twice. It is
    /// lost with the process; the stable id in the body is what remains for the Zap to tell.
    private let taken = Mutex<[String: [String: String]]>([:])

    /// A connector for one connection.
    ///
    /// - Parameters:
    ///   - hooks: where the Zaps' subscriptions are kept.
    ///   - targets: the events that `connect()` looks for subscriptions to.
    ///   - timeout: how long a post may take; after it, its result is unknown.
    public init(
        connection: ConnectionSettings, credentials: Credentials, client: HTTPClient, hooks: any HookDirectory,
        targets: [ContentTarget] = [], timeout: Duration = .seconds(30)
    ) {
        self.connection = connection
        self.client = client
        self.hooks = hooks
        self.targets = targets
        self.timeout = timeout
        policy = HookAddressPolicy(options: connection.options)
    }

    /// Looks whether somebody listens; a Zap is switched on in Zapier.
    public func connect() async throws(CRMError) -> [SetUpStep] {
        var steps: [SetUpStep] = []
        // Several playbooks may write to one event.
        for event in Set(targets.map(\.name)).sorted() {
            let found = try await receivers(of: event)
            let refused = found.compactMap { policy.objection(to: $0.url) }.first
            steps.append(
                SetUpStep(
                    "hook for \(event)", found.isEmpty || refused != nil ? .missing : .present,
                    refused
                        ?? (found.isEmpty
                            ? "switch on a Zap with the trigger New Content Ready, or set the option hook_url" : "")))
        }
        return steps
    }

    public func read(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        let lead = ZapierLead(connection: connection)
        return Dictionary(leads.map { ($0, lead.reading($0, known: known[$0])) }) { first, _ in first }
    }

    /// A Zap names the lead itself: there is nothing to look up.
    public func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        var event = event
        event.needsLookup = false
        return event.lead == nil ? [] : [event]
    }

    /// Posts each intent to every hook that wants it. Zapier's 2xx means that it is queued there.
    public func write(_ intents: [WriteIntent]) async throws(CRMError) -> [WriteOutcome] {
        var receiversByTarget: [String: [HookSubscription]] = [:]
        var outcomes: [WriteOutcome] = []
        for intent in intents {
            if receiversByTarget[intent.target] == nil {
                receiversByTarget[intent.target] = try await receivers(of: intent.target)
            }
            outcomes.append(await write(intent, to: receiversByTarget[intent.target] ?? []))
        }
        return outcomes
    }

    public func readBack(_ intents: [WriteIntent]) async throws(CRMError) -> [ReadBack] {
        intents.map { _ in .unsupported }
    }

    private func receivers(of event: String) async throws(CRMError) -> [HookSubscription] {
        do {
            let subscribed = try await hooks.hooks(connection: connection.name, event: event)
            let fixed = connection.options["hook_url"].map { HookSubscription(id: "hook_url", url: $0) }
            return subscribed + [fixed].compactMap { $0 }
        } catch {
            throw CRMError(.unavailable, "the hooks of connection \(connection.name) cannot be read", underlying: error)
        }
    }

    private func write(_ intent: WriteIntent, to hooks: [HookSubscription]) async -> WriteOutcome {
        let delivery = HookDelivery(intent: intent)
        let wanted = hooks.filter { delivery.passes($0.filters) }
        guard !wanted.isEmpty else {
            return .failed(
                CRMError(
                    .misconfigured,
                    "no Zap that is on wants this text; switch one on for \(intent.target), or set the option hook_url")
            )
        }
        var receipts = taken.withLock { $0[intent.id] } ?? [:]
        var failures: [CRMError] = []
        for hook in wanted where receipts[hook.id] == nil {
            do throws(CRMError) {
                receipts[hook.id] = try await post(delivery.body, to: hook)
            } catch {
                failures.append(error)
            }
        }
        // What may still go well is worth another attempt at that hook alone; a hook that is gone misses nothing.
        let open = failures.filter { $0.remedy != .giveUp }
        taken.withLock { $0[intent.id] = open.isEmpty || receipts.isEmpty ? nil : receipts }
        if let failure = open.first ?? (receipts.isEmpty ? failures.first : nil) { return .failed(failure) }
        return .written(
            location: "\(intent.target): \(receipts.count == 1 ? "1 hook" : "\(receipts.count) hooks")",
            receipt: receipts.sorted { $0.key < $1.key }.map(\.value).filter { !$0.isEmpty }.first)
    }

    /// - Returns: Zapier's own id for the call; empty when it gives none.
    private func post(_ body: JSONValue, to hook: HookSubscription) async throws(CRMError) -> String {
        if let objection = policy.objection(to: hook.url) { throw CRMError(.misconfigured, objection) }
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(
                    "POST", hook.url, headers: ["Content-Type": "application/json"], body: body.canonicalData),
                timeout: timeout)
        } catch {
            throw .noAnswer(from: .zapier, mayHaveTakenEffect: error.mayHaveReachedServer, underlying: error)
        }
        if response.status == 410 { try await end(hook) }
        guard response.isSuccess else { throw Self.failure(response) }
        let answer = try? JSONValue(parsing: response.body)
        return (answer?["request_id"] ?? answer?["id"])?.identifier ?? ""
    }

    private func end(_ hook: HookSubscription) async throws(CRMError) {
        do {
            try await hooks.markGone(hook)
        } catch {
            throw CRMError(.unavailable, "the end of a hook's subscription cannot be recorded", underlying: error)
        }
    }

    /// Zapier leaves all but 410 to us: a hook that answers 404 may be back after its Zap is published again.
    private static func failure(_ response: HTTPResponse) -> CRMError {
        let status = response.status
        switch status {
        case 410: return CRMError(.receiverGone, "the Zap was switched off or deleted", status: status)
        case 413: return CRMError(.rejected, "the text is too large for Zapier", status: status)
        case 429:
            return CRMError(
                .rateLimited, "too many posts to a hook", status: status,
                retryAfter: response.retryAfter ?? .seconds(10))
        case 300..<400: return CRMError(.malformedAnswer, "the hook redirects, which is not followed", status: status)
        default:
            return CRMError(
                .unavailable, "the hook does not take the text now", status: status, retryAfter: response.retryAfter)
        }
    }
}
