package import Foundation
package import HTTPTypes
import JSON

/// One request that leaves the account.
package enum ZapierMessage: Sendable {
    /// A Zap posts about a lead.
    case webhook([String: String])
    /// A Zap is switched on: it subscribes at the gateway.
    case subscribe(zap: String)
    /// A Zap is switched off: it unsubscribes.
    case unsubscribe(zap: String, subscription: String)
}

extension ZapierAccount {
    /// Queues a post of "Webhooks by Zapier".
    mutating func post(_ values: [String: String]) {
        guard !settings.targetURL.isEmpty else { return }
        outbox.enqueue(.webhook(values), in: DeliveryLane("webhook"))
    }

    /// The address that the gateway is told to post to.
    func hookURL(_ zap: String) -> String { "\(address)/hooks/standard/\(settings.account)/\(zap)/" }

    package mutating func request(for attempt: DeliveryAttempt<ZapierMessage>, now: Date) -> HTTPRequest {
        var headers: HTTPHeaders = ["X-API-Key": settings.apiKey, "User-Agent": "Zapier (Leadwright sandbox)"]
        func json(_ value: JSONValue) -> Data {
            headers["Content-Type"] = "application/json; charset=utf-8"
            return value.canonicalData
        }
        switch attempt.messages.first {
        case .webhook(let values)?:
            let body: Data
            switch settings.encoding {
            case .json: body = json(.object(values.mapValues(JSONValue.string)))
            case .form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                let pairs = values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
                body = Data(FormEncoding.encode(pairs).utf8)
            }
            return HTTPRequest("POST", settings.targetURL, headers: headers, body: body)
        case .subscribe(let id)?:
            var members: [String: JSONValue] = [
                "hookUrl": .string(hookURL(id)), "event": .string(zaps[id]?.event ?? ""),
            ]
            if let filters = zaps[id]?.filters { members["filters"] = filters }
            let body = json(.object(members))
            return HTTPRequest("POST", "\(settings.gatewayURL)/zapier/hooks", headers: headers, body: body)
        case .unsubscribe(_, let subscription)?:
            let path = "/zapier/hooks/\(FormEncoding.percentEncode(subscription))"
            return HTTPRequest("DELETE", settings.gatewayURL + path, headers: headers)
        case nil: return HTTPRequest("GET", settings.gatewayURL)
        }
    }

    package mutating func accepts(_ response: HTTPResponse?, for attempt: DeliveryAttempt<ZapierMessage>, now: Date)
        -> Bool
    {
        guard let response else { return false }
        switch attempt.messages.first {
        case .subscribe(let id)?:
            let answer = try? JSONValue(parsing: response.body)
            guard response.isSuccess, let subscription = answer?["id"]?.scalarText else {
                zaps[id]?.state = .failed
                // A Zap that cannot be switched on says so to its user; it does not try again.
                return true
            }
            zaps[id]?.subscriptionID = subscription
            if zaps[id]?.state == .subscribing { zaps[id]?.state = .on }
            return true
        case .unsubscribe?: return response.isSuccess || [404, 410].contains(response.status)
        case .webhook?, nil: return response.isSuccess
        }
    }
}
