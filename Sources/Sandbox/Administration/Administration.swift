package import Foundation
package import HTTPTypes
import JSON

/// The calls under `/sandbox/` that every stand-in has.
extension SandboxSystem {
    /// Answers an administrator's call.
    package mutating func administration(_ request: HTTPRequest, now: Date) -> HTTPResponse {
        do {
            if let response = try administer(request, now: now) { return response }
            return try common(request, now: now)
        } catch {
            return error.response
        }
    }

    private mutating func common(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        switch (request.method, request.path) {
        case ("GET", "/sandbox/settings"): return try encoded(settings)
        case ("POST", "/sandbox/configure"): return try configure(request)
        case ("GET", "/sandbox/faults"): return try encoded(faults)
        case ("POST", "/sandbox/faults"):
            faults = try merged(request, into: faults)
            return try encoded(faults)
        case ("POST", "/sandbox/leads"): return try createLeads(request, now: now)
        case ("POST", "/sandbox/stages"): return try changeStages(request, now: now)
        case ("POST", "/sandbox/opt-outs"): return try optOut(request, now: now)
        case ("POST", "/sandbox/react"): return try react(request, now: now)
        case ("GET", "/sandbox/content"): return try encoded(["leads": contents])
        case ("GET", "/sandbox/statistics"): return try statisticsAnswer()
        default: throw .administration(404, "no call \(request.method) \(request.path); docs/sandbox.md lists them")
        }
    }

    private mutating func configure(_ request: HTTPRequest) throws(Refusal) -> HTTPResponse {
        configure(try merged(request, into: settings))
        return try encoded(settings)
    }

    private mutating func createLeads(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let body: AdministrationRequest.Leads = try decoded(request)
        var created: [JSONValue] = []
        for lead in body.leads { created.append(["id": .string(try create(lead, now: now))]) }
        return .json(["leads": .array(created)], status: 201)
    }

    private mutating func changeStages(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let body: AdministrationRequest.StageChanges = try decoded(request)
        for change in body.changes { try changeStage(of: change.id, to: change.stage, now: now) }
        return .json(["changed": .integer(Int64(body.changes.count))])
    }

    private mutating func optOut(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let body: AdministrationRequest.OptOuts = try decoded(request)
        for id in body.ids { try optOut(id, now: now) }
        return .json(["opted_out": .integer(Int64(body.ids.count))])
    }

    private mutating func react(_ request: HTTPRequest, now: Date) throws(Refusal) -> HTTPResponse {
        let body: AdministrationRequest.React = try decoded(request)
        var reactions: [String: Reaction] = [:]
        for lead in contents where body.ids?.contains(lead.id) ?? true {
            let model = lead.content.isEmpty ? body.withoutContent : body.probabilities
            guard let reaction = model?.draw(seed: body.seed, lead: lead.id), reaction.isAny else { continue }
            try apply(reaction, to: lead.id, now: now)
            reactions[lead.id] = reaction
        }
        return try encoded(["reactions": reactions])
    }

    private func statisticsAnswer() throws(Refusal) -> HTTPResponse {
        let leads = contents
        return try encoded(
            StatisticsAnswer(
                calls: statistics, webhooks: outbox.counts, pending: outbox.pendingCount,
                inFlight: outbox.inFlightCount, leads: leads.count,
                leadsWithContent: leads.count { !$0.content.isEmpty }))
    }

    private func merged<Value: Codable>(_ request: HTTPRequest, into value: Value) throws(Refusal) -> Value {
        do {
            return try SettingsMerge.apply(try JSONValue(parsing: request.body), to: value)
        } catch {
            throw .administration(400, "\(error)")
        }
    }

    private func decoded<Body: Decodable>(_ request: HTTPRequest) throws(Refusal) -> Body {
        do {
            return try JSONDecoder().decode(Body.self, from: request.body)
        } catch {
            throw .administration(400, JSONError(error).description)
        }
    }

    private func encoded(_ value: some Encodable) throws(Refusal) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let body = try encoder.encode(value)
            return HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: body)
        } catch {
            throw .administration(500, "\(error)")
        }
    }
}

extension Refusal {
    /// An answer of the administration that says what is wrong with the call.
    static func administration(_ status: Int, _ message: String) -> Refusal {
        Refusal(.json(["error": .string(message)], status: status))
    }
}

/// What `GET /sandbox/statistics` answers.
private struct StatisticsAnswer: Encodable {
    let calls: CallStatistics
    let webhooks: DeliveryCounts
    let pending: Int
    let inFlight: Int
    let leads: Int
    let leadsWithContent: Int

    enum CodingKeys: String, CodingKey {
        case calls, webhooks, pending, leads
        case inFlight = "in_flight"
        case leadsWithContent = "leads_with_content"
    }
}
