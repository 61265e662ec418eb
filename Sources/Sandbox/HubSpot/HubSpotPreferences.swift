import HTTPTypes
import JSON

/// `/communication-preferences`: whether an address may be written to.
extension HubSpotPortal {
    static let preferenceRoutes: [Route<HubSpotPortal>] = [
        Route("GET", "/communication-preferences/v4/statuses/{email}") { try $0.readStatus($1) },
        Route("GET", "/communication-preferences/v3/status/email/{email}") { try $0.readOlderStatus($1) },
        Route("GET", "/communication-preferences/v4/statuses/{email}/unsubscribe-all") { try $0.readUnsubscribed($1) },
        Route("POST", "/communication-preferences/v4/statuses/{email}/unsubscribe-all") { try $0.unsubscribe($1) },
    ]

    /// Whether the address opted out; `nil` when no contact has it.
    private func hasOptedOut(_ email: String) -> Bool? {
        tables[.contact]?.record("email", email).map { $0.properties["hs_email_optout"] == "true" }
    }

    private mutating func answer(_ results: [JSONValue], _ call: Call) -> HTTPResponse {
        batchAnswer(results, errors: [], now: call.now)
    }

    private func status(_ call: Call, _ status: String) -> JSONValue {
        [
            "channel": "EMAIL", "status": .string(status), "subscriberIdString": .string(call.part("email")),
            "subscriptionId": 1, "subscriptionName": "Marketing Information", "source": "SANDBOX",
            "timestamp": .string(Timestamp.iso8601(call.now)),
        ]
    }

    private mutating func readStatus(_ call: Call) throws(Refusal) -> HTTPResponse {
        let name =
            switch hasOptedOut(call.part("email")) {
            case true?: "UNSUBSCRIBED"
            case false?: "SUBSCRIBED"
            case nil: "NOT_SPECIFIED"
            }
        return answer([status(call, name)], call)
    }

    private mutating func readOlderStatus(_ call: Call) throws(Refusal) -> HTTPResponse {
        let status = hasOptedOut(call.part("email")) == false ? "SUBSCRIBED" : "NOT_SUBSCRIBED"
        return .json([
            "recipient": .string(call.part("email")),
            "subscriptionStatuses": [
                [
                    "id": "1", "name": "Marketing Information", "description": "Marketing offers and updates.",
                    "status": .string(status), "sourceOfStatus": "SUBSCRIPTION_STATUS",
                ]
            ],
        ])
    }

    /// An empty list says that the address has not opted out of everything.
    private mutating func readUnsubscribed(_ call: Call) throws(Refusal) -> HTTPResponse {
        answer(hasOptedOut(call.part("email")) == true ? [status(call, "UNSUBSCRIBED")] : [], call)
    }

    private mutating func unsubscribe(_ call: Call) throws(Refusal) -> HTTPResponse {
        guard let record = tables[.contact]?.record("email", call.part("email")) else { return answer([], call) }
        do {
            _ = try update(
                record, of: .contact, to: ["hs_email_optout": "true"], source: integration, now: call.now)
            statistics.writes += 1
            return answer([status(call, "UNSUBSCRIBED")], call)
        } catch {
            throw whole(error)
        }
    }
}
