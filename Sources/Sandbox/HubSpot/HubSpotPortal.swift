package import Foundation
package import HTTPTypes
import JSON

/// A HubSpot account: its records, its definitions, and an app that is installed in it.
package struct HubSpotPortal: SandboxSystem {
    package internal(set) var settings: HubSpotSettings
    package var address = ""
    package var outbox: Outbox<HubSpotEvent>
    package var faults = Faults()
    package var statistics = CallStatistics()

    var tables: [HubSpotObjectType: HubSpotTable]
    var associations = HubSpotAssociations()
    var pipelines: [HubSpotObjectType: [HubSpotPipeline]] = [.deal: [.sales]]
    var schemas: [JSONValue] = []
    var rates = HubSpotRates()
    /// OAuth tokens by when they expire.
    var issuedTokens: [String: Date] = [:]
    var random: SeededGenerator
    /// What integrations wrote into contacts, in order.
    var contactWrites: [HubSpotContactWrite] = []
    /// Subscriptions by their ids.
    var subscriptions: [Int64: HubSpotSubscription] = [:]
    private var lastRecordID: Int64 = 150
    private var lastEventID: Int64 = 1_000_000
    var lastSubscriptionID: Int64 = 3100

    package init(_ settings: HubSpotSettings = HubSpotSettings()) {
        self.settings = settings
        outbox = Outbox(policy: settings.delivery, seed: settings.seed)
        random = SeededGenerator(seed: settings.seed &+ 1)
        tables = Dictionary(HubSpotObjectType.all.map { ($0, HubSpotTable($0)) }) { first, _ in first }
        configure(settings)
    }

    package mutating func configure(_ settings: HubSpotSettings) {
        let unchanged = settings.subscriptions == self.settings.subscriptions && !subscriptions.isEmpty
        self.settings = settings
        outbox.policy = settings.delivery
        guard !unchanged else { return }
        subscriptions = [:]
        for subscription in settings.subscriptions { add(subscription) }
    }

    /// Registers a subscription and returns its id.
    @discardableResult
    mutating func add(_ subscription: HubSpotSubscription) -> Int64 {
        lastSubscriptionID += 1
        subscriptions[lastSubscriptionID] = subscription
        return lastSubscriptionID
    }

    /// The id of the next record of any type.
    mutating func nextRecordID() -> Int64 {
        lastRecordID += 1
        return lastRecordID
    }

    /// Queues an event for every subscription that asks for it.
    mutating func publish(_ event: HubSpotEvent) {
        guard !settings.targetURL.isEmpty else { return }
        for (id, subscription) in subscriptions.sorted(by: { $0.key < $1.key }) where subscription.matches(event) {
            var copy = event
            lastEventID += 1
            copy.eventID = lastEventID
            copy.subscriptionID = id
            copy.subscriptionType = subscription.eventType
            outbox.enqueue(copy, in: DeliveryLane("webhook", batch: 100))
        }
    }

    private static let routes: [Route<HubSpotPortal>] =
        objectRoutes + propertyRoutes + pipelineRoutes + associationRoutes + schemaRoutes + preferenceRoutes

    package mutating func serve(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let call = Call(request: request, now: now)
        let path = HubSpotPath.undated(request.path)
        if let response = try Route.answer(call, path: path, by: Self.tokenRoutes, on: &self) { return response }
        if path.hasPrefix("/webhooks/v3/") {
            try authorizeDeveloper(call)
            if let response = try Route.answer(call, path: path, by: Self.subscriptionRoutes, on: &self) {
                return response
            }
        }
        try authorize(call)
        let isSearch = path.hasSuffix("/search")
        try chargeRate(isSearch: isSearch, now: now)
        do throws(Refusal) {
            let response = try Route.answer(call, path: path, by: Self.routes, on: &self)
            guard let response else { throw notFound("no route \(request.method) \(request.path)") }
            return isSearch ? response : describingLimits(response, now: now)
        } catch {
            throw isSearch ? error : Refusal(describingLimits(error.response, now: now))
        }
    }

    /// The answer with what is left of the budgets; searches carry none.
    private func describingLimits(_ response: HTTPResponse, now: Date) -> HTTPResponse {
        var response = response
        rates.describe(in: &response.headers, settings: settings, now: now)
        return response
    }

    package func isWrite(_ request: HTTPRequest) -> Bool {
        guard request.method != "GET" else { return false }
        let path = request.path
        return path.contains("/crm") && !path.hasSuffix("/batch/read") && !path.hasSuffix("/search")
    }

    package mutating func answer(to fault: Faults.Failure) -> HTTPResponse {
        switch fault {
        case .rateLimit: return rateLimitAnswer(.burst)
        case .serverError, .lockedRow:
            return refusal(500, "INTERNAL_ERROR", "internal error").response
        }
    }

    package mutating func administer(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse? {
        guard request.method == "GET", request.path == "/sandbox/writes" else { return nil }
        return .json(["writes": .array(contactWrites.map(\.json))])
    }
}

/// One change of a contact by an integration, whether or not it made a difference.
struct HubSpotContactWrite: Sendable {
    let id: Int64
    let properties: [String: String]

    var json: JSONValue {
        ["id": .string(String(id)), "properties": .object(properties.mapValues(JSONValue.string))]
    }
}

/// HubSpot's two forms of a path.
enum HubSpotPath {
    /// The path in its older form: `/crm/objects/2026-09/contacts` becomes `/crm/v3/objects/contacts`.
    static func undated(_ path: String) -> String {
        let parts = path.split(separator: "/")
        if parts.count >= 3, parts[0] == "crm", isDate(parts[2]) {
            let version = parts[1] == "associations" ? "v4" : "v3"
            return "/crm/\(version)/\(parts[1])/\(parts.dropFirst(3).joined(separator: "/"))"
        }
        if parts.count == 3, parts[0] == "oauth", isDate(parts[1]) { return "/oauth/v3/\(parts[2])" }
        if parts.count >= 3, parts[0] == "app-webhooks", isDate(parts[1]) {
            return "/webhooks/v3/\(parts.dropFirst(2).joined(separator: "/"))"
        }
        return path
    }

    private static func isDate(_ part: Substring) -> Bool {
        part.count == 7 && part.prefix(2) == "20" && part.dropFirst(4).first == "-"
    }
}
