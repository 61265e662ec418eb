import Foundation
import HTTPTypes
import JSON

/// `/webhooks/v3/{appId}`: what the app is told about, and where.
extension HubSpotPortal {
    static let subscriptionRoutes: [Route<HubSpotPortal>] = [
        Route("GET", "/webhooks/v3/{app}/settings") { try $0.readWebhookSettings($1) },
        Route("PUT", "/webhooks/v3/{app}/settings") { try $0.changeWebhookSettings($1) },
        Route("GET", "/webhooks/v3/{app}/subscriptions") { try $0.listSubscriptions($1) },
        Route("POST", "/webhooks/v3/{app}/subscriptions") { try $0.createSubscription($1) },
        Route("GET", "/webhooks/v3/{app}/subscriptions/{id}") { try $0.readSubscription($1) },
        Route("PATCH", "/webhooks/v3/{app}/subscriptions/{id}") { try $0.changeSubscription($1) },
        Route("DELETE", "/webhooks/v3/{app}/subscriptions/{id}") { try $0.deleteSubscription($1) },
    ]

    private mutating func checkApp(_ call: Call) throws(Refusal) {
        guard call.part("app") == String(settings.appID) else {
            throw refusal(404, "OBJECT_NOT_FOUND", "No app \(call.part("app"))")
        }
    }

    private func subscriptionJSON(_ id: Int64, _ now: Date) -> JSONValue {
        guard let subscription = subscriptions[id] else { return .null }
        var object: [String: JSONValue] = [
            "id": .string(String(id)), "eventType": .string(subscription.eventType),
            "active": .bool(subscription.active), "createdAt": .string(Timestamp.iso8601(now)),
            "updatedAt": .string(Timestamp.iso8601(now)),
        ]
        if let name = subscription.propertyName { object["propertyName"] = .string(name) }
        if let type = subscription.objectTypeId { object["objectTypeId"] = .string(type) }
        return .object(object)
    }

    private mutating func subscriptionID(_ call: Call) throws(Refusal) -> Int64 {
        try checkApp(call)
        guard let id = Int64(call.part("id")), subscriptions[id] != nil else { throw notFound() }
        return id
    }

    private mutating func listSubscriptions(_ call: Call) throws(Refusal) -> HTTPResponse {
        try checkApp(call)
        return .json(["results": .array(subscriptions.keys.sorted().map { subscriptionJSON($0, call.now) })])
    }

    private mutating func createSubscription(_ call: Call) throws(Refusal) -> HTTPResponse {
        try checkApp(call)
        let body = try body(call)
        guard let type = body["eventType"]?.string else { throw invalid("Invalid input JSON: \"eventType\" is needed") }
        let property = body["propertyName"]?.string
        guard !type.hasSuffix(".propertyChange") || property != nil else {
            throw invalid("A property change subscription needs a propertyName")
        }
        guard !["hs_lastmodifieddate", "num_unique_conversion_events"].contains(property) else {
            throw invalid("Property \(property ?? "") cannot be subscribed to")
        }
        let subscription = HubSpotSubscription(
            type, property, objectTypeId: body["objectTypeId"]?.string, active: body["active"]?.bool ?? false)
        let twin = subscriptions.values.contains { other in
            other.eventType == type && other.propertyName == property && other.objectTypeId == subscription.objectTypeId
        }
        guard !twin else { throw refusal(409, "CONFLICT", "The app has this subscription already") }
        let id = add(subscription)
        keepSubscriptions()
        return .json(subscriptionJSON(id, call.now), status: 201)
    }

    private mutating func readSubscription(_ call: Call) throws(Refusal) -> HTTPResponse {
        .json(subscriptionJSON(try subscriptionID(call), call.now))
    }

    private mutating func changeSubscription(_ call: Call) throws(Refusal) -> HTTPResponse {
        let id = try subscriptionID(call)
        if let active = try body(call)["active"]?.bool { subscriptions[id]?.active = active }
        keepSubscriptions()
        return .json(subscriptionJSON(id, call.now))
    }

    private mutating func deleteSubscription(_ call: Call) throws(Refusal) -> HTTPResponse {
        subscriptions[try subscriptionID(call)] = nil
        keepSubscriptions()
        return .noContent
    }

    /// The settings show what is subscribed to now.
    private mutating func keepSubscriptions() {
        settings.subscriptions = subscriptions.sorted { $0.key < $1.key }.map(\.value)
    }

    private mutating func readWebhookSettings(_ call: Call) throws(Refusal) -> HTTPResponse {
        try checkApp(call)
        guard !settings.targetURL.isEmpty else { throw notFound() }
        let stamp = JSONValue.string(Timestamp.iso8601(call.now))
        return .json([
            "targetUrl": .string(settings.targetURL), "createdAt": stamp, "updatedAt": stamp,
            "throttling": ["maxConcurrentRequests": .integer(Int64(settings.delivery.concurrency))],
        ])
    }

    private mutating func changeWebhookSettings(_ call: Call) throws(Refusal) -> HTTPResponse {
        try checkApp(call)
        let body = try body(call)
        guard let target = body["targetUrl"]?.string else {
            throw invalid("Invalid input JSON: \"targetUrl\" is needed")
        }
        if let limit = body["throttling"]?["maxConcurrentRequests"]?.integer {
            guard limit > 5 else { throw invalid("maxConcurrentRequests must be above 5") }
            settings.delivery.concurrency = Int(limit)
            outbox.policy = settings.delivery
        }
        settings.targetURL = target
        return try readWebhookSettings(call)
    }
}
