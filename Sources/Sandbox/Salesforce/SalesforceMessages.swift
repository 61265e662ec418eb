package import Foundation
package import HTTPTypes
package import JSON

/// One thing that leaves the org.
package enum SalesforceMessage: Sendable {
    /// A notification of an outbound message; its record is read when it is sent.
    case outbound(notification: String, object: String, record: String)
    /// A change event, posted by a bridge.
    case change(JSONValue)
    /// A flow's callout.
    case flow(JSONValue)
}

extension SalesforceOrg {
    private static let changeLane = DeliveryLane("change-events", isOrdered: true)
    private static let flowLane = DeliveryLane("flow")

    /// Queues a message, if anybody listens.
    mutating func send(_ message: SalesforceMessage) {
        guard !settings.targetURL.isEmpty else { return }
        let lane =
            switch message {
            case .outbound(_, let object, _): DeliveryLane("outbound \(object)", batch: 100)
            case .change: Self.changeLane
            case .flow: Self.flowLane
            }
        outbox.enqueue(message, in: lane)
    }

    package mutating func request(for attempt: DeliveryAttempt<SalesforceMessage>, now: Date) -> HTTPRequest {
        var request = HTTPRequest("POST", settings.targetURL, headers: ["User-Agent": "Leadwright-Sandbox-Salesforce"])
        for line in settings.headers {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            request.headers[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        switch attempt.messages.first {
        case .change(let body)?, .flow(let body)?:
            request.headers["Content-Type"] = "application/json"
            request.body = body.canonicalData
        case .outbound?, nil:
            request.headers["Content-Type"] = "text/xml; charset=utf-8"
            request.headers["SOAPAction"] = "\"\""
            request.body = Data(envelope(attempt.messages).utf8)
        }
        return request
    }

    /// An outbound message counts as received by its Ack alone; everything else by its status.
    package mutating func accepts(
        _ response: HTTPResponse?, for attempt: DeliveryAttempt<SalesforceMessage>, now: Date
    ) -> Bool {
        guard let response else { return false }
        guard case .outbound? = attempt.messages.first else { return response.isSuccess }
        let body = String(decoding: response.body, as: UTF8.self)
        let ack = body.range(of: "<([A-Za-z0-9]+:)?Ack>\\s*true\\s*</", options: .regularExpression)
        return response.status == 200 && body.contains("http://soap.sforce.com/2005/09/outbound") && ack != nil
    }
}
