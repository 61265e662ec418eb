package import Foundation
package import HTTPTypes
import JSON

/// What the user and the leads do, on an administrator's word.
extension ZapierAccount {
    private static let leadFields: [NewLead.CodingKeys: String] = [
        .firstName: "first_name", .lastName: "last_name", .email: "email", .company: "company",
        .jobTitle: "job_title", .industry: "industry", .country: "country", .language: "language", .stage: "stage",
    ]

    package mutating func create(_ lead: NewLead, now: Date) throws(Refusal) -> String {
        var values = lead.values(named: Self.leadFields)
        for (name, value) in lead.fields ?? [:] { values[name] = value.scalarText }
        if let consent = lead.consent { values["opted_out"] = consent ? "False" : "True" }
        guard values["email"] != nil else { throw .administration(400, "a lead without an email cannot be told apart") }
        let created = ZapierLead(id: "lead-\(nextNumber())", values: values)
        leads.append(created)
        tell("lead.created", created, now: now)
        return created.id
    }

    package mutating func changeStage(of id: String, to stage: String, now: Date) throws(Refusal) {
        let place = try place(id)
        leads[place].values["stage"] = stage
        tell("lead.stage_changed", leads[place], now: now)
    }

    package mutating func optOut(_ id: String, now: Date) throws(Refusal) {
        let place = try place(id)
        leads[place].values["opted_out"] = "True"
        tell("contact.unsubscribed", leads[place], now: now)
    }

    package mutating func apply(_ reaction: Reaction, to id: String, now: Date) throws(Refusal) {
        let lead = leads[try place(id)]
        for (happened, event) in [
            (reaction.opened, "email.opened"), (reaction.clicked, "email.clicked"),
            (reaction.replied, "email.replied"), (reaction.meeting, "meeting.booked"),
            (reaction.won, "deal.won"),
        ] where happened {
            tell(event, lead, now: now)
        }
        if reaction.optedOut { try optOut(id, now: now) }
    }

    /// What the Zaps received, by the lead that it is for; the last post wins.
    package var contents: [LeadContent] {
        var received: [String: [String: JSONValue]] = [:]
        for body in zaps.sorted(by: { $0.key < $1.key }).flatMap(\.value.history) {
            guard let content = body["content"]?.object else { continue }
            let email = body["lead"]?["email"]?.string
            // The id may be Leadwright's whole key, of which the last part is the id or the address.
            let id = body["lead"]?["id"]?.string?.split(separator: ":").last.map(String.init)
            for key in [email, id].compactMap({ $0?.lowercased() }) { received[key] = content }
        }
        return leads.map { lead in
            LeadContent(
                id: lead.id, email: lead.email, stage: lead.values["stage"] ?? "",
                content: received[lead.email.lowercased()] ?? received[lead.id] ?? [:])
        }
    }

    package mutating func administer(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse? {
        switch (request.method, request.path) {
        case ("GET", "/sandbox/zaps"):
            return .json(["zaps": .array(zaps.values.sorted { $0.id < $1.id }.map(\.json))])
        case ("POST", "/sandbox/zaps"): return try switchOn(request)
        case ("POST", let path) where path.hasPrefix("/sandbox/zaps/"):
            let parts = path.split(separator: "/").map(String.init)
            guard parts.count == 4, ["off", "vanish"].contains(parts[3]) else { return nil }
            return try switchOff(parts[2], silently: parts[3] == "vanish")
        default: return nil
        }
    }

    private mutating func switchOn(_ request: HTTPRequest) throws(Refusal) -> HTTPResponse {
        guard let body = try? JSONValue(parsing: request.body), let event = body["event"]?.string else {
            throw .administration(400, "\"event\" is needed")
        }
        guard !settings.gatewayURL.isEmpty else { throw .administration(409, "configure \"gateway_url\" first") }
        let zap = Zap(id: "zap\(nextNumber())", event: event, filters: body["filters"])
        zaps[zap.id] = zap
        outbox.enqueue(.subscribe(zap: zap.id), in: DeliveryLane("subscriptions", isOrdered: true))
        return .json(["id": .string(zap.id), "hook_url": .string(hookURL(zap.id))], status: 201)
    }

    /// Switches a Zap off. A silent end leaves the gateway's subscription behind, to be met with 410.
    private mutating func switchOff(_ id: String, silently: Bool) throws(Refusal) -> HTTPResponse {
        guard let zap = zaps[id] else { throw .administration(404, "no Zap \(id)") }
        zaps[id]?.state = .off
        if !silently, !zap.subscriptionID.isEmpty {
            outbox.enqueue(
                .unsubscribe(zap: id, subscription: zap.subscriptionID),
                in: DeliveryLane("subscriptions", isOrdered: true))
        }
        return .noContent
    }

    private func place(_ id: String) throws(Refusal) -> Int {
        guard let place = leads.firstIndex(where: { $0.id == id }) else { throw .administration(404, "no lead \(id)") }
        return place
    }

    private mutating func tell(_ event: String, _ lead: ZapierLead, now: Date) {
        var values = lead.values
        values["event"] = event
        values["id"] = "zap-run-\(String(format: "%06d", nextNumber()))"
        values["occurred_at"] = Timestamp.iso8601(now)
        post(values)
    }
}
