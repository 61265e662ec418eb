import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// The stand-in CRM as its administrator sees it: the calls under `/sandbox/`, which docs/sandbox.md describes.
struct Portal: Sendable {
    let standIn: StandIn
    let address: String
    let client: HTTPClient

    /// Changes settings; those not named stay.
    func configure(_ settings: JSONValue) async throws { _ = try await post("configure", settings) }

    /// Makes the next calls fail; faults not named stay.
    func fail(_ faults: JSONValue) async throws { _ = try await post("faults", faults) }

    /// Whether everything that was to go wrong has.
    var hasNoFaultsLeft: Bool {
        get async throws {
            let left = try await get("faults").object ?? [:]
            return left.allSatisfy { $0.key.hasSuffix("milliseconds") || $0.value.integer == 0 }
        }
    }

    /// Creates leads at the first stage and returns their ids.
    func create(_ names: [String]) async throws -> [String] {
        let leads = names.map { name -> JSONValue in
            [
                "first_name": .string(name), "email": .string("\(name.lowercased())@example.com"),
                "stage": .string(standIn.stages[0]), "consent": true,
            ]
        }
        let answer = try await post("leads", ["leads": .array(leads)])
        return (answer["leads"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    /// Moves leads to the stage at that place.
    func move(_ leads: [String], to stage: Int) async throws {
        let name = JSONValue.string(standIn.stages[stage])
        let changes = leads.map { JSONValue.object(["id": .string($0), "stage": name]) }
        _ = try await post("stages", ["changes": .array(changes)])
    }

    /// Lets leads do everything that the stand-in tells of.
    func react(_ leads: [String]) async throws {
        let certainly = JSONValue.object(standIn.reactions.mapValues { _ in 1 })
        _ = try await post(
            "react",
            [
                "seed": 1, "ids": .array(leads.map(JSONValue.string)), "probabilities": certainly,
                "without_content": certainly,
            ])
    }

    /// Waits until all webhooks were accepted, but not longer than that.
    ///
    /// - Returns: whether it came to that.
    @discardableResult
    func isIdle(within seconds: Double = 0) async throws -> Bool {
        try await get("idle?timeout_seconds=\(seconds)")["idle"]?.bool == true
    }

    /// What was counted.
    func statistics() async throws -> JSONValue { try await get("statistics") }

    /// Every lead: id, stage, content.
    func content() async throws -> [JSONValue] { try await get("content")["leads"]?.array ?? [] }

    /// Everything that was written through the API, in order.
    func writes() async throws -> [JSONValue] { try await get("writes")["writes"]?.array ?? [] }

    private func get(_ path: String) async throws -> JSONValue { try await send("GET", path, Data()) }

    private func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        try await send("POST", path, body.canonicalData)
    }

    private func send(_ method: String, _ path: String, _ body: Data) async throws -> JSONValue {
        let request = HTTPRequest(
            method, "\(address)/sandbox/\(path)", headers: ["Content-Type": "application/json"], body: body)
        let response = try await client.send(request)
        guard response.isSuccess else {
            throw ChaosError("the sandbox refused \(path): \(String(decoding: response.body, as: UTF8.self))")
        }
        return try JSONValue(parsing: response.body)
    }
}
