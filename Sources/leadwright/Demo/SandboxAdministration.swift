import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// The calls under `/sandbox/` of a stand-in, which `docs/sandbox.md` describes.
struct SandboxAdministration: Sendable {
    let address: String
    let client: HTTPClient

    /// Changes settings; those not named stay.
    func configure(_ settings: JSONValue) async throws { _ = try await post("configure", settings) }

    /// Creates leads as a person in the CRM would.
    ///
    /// - Returns: their ids, in order.
    func create(_ leads: [JSONValue]) async throws -> [String] {
        let answer = try await post("leads", ["leads": .array(leads)])
        return (answer["leads"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    /// Moves leads to other stages, by the system's own names.
    func changeStages(_ changes: [(id: String, stage: String)]) async throws {
        let list = changes.map { JSONValue.object(["id": .string($0.id), "stage": .string($0.stage)]) }
        _ = try await post("stages", ["changes": .array(list)])
    }

    /// Lets every lead react to what stands in the CRM for it.
    func react(_ model: JSONValue) async throws { _ = try await post("react", model) }

    /// Returns when every webhook was accepted or given up.
    func waitUntilIdle() async throws { _ = try await get("idle?timeout_seconds=60") }

    /// What was counted.
    func statistics() async throws -> JSONValue { try await get("statistics") }

    /// The texts that stand there for each lead, by its id and by its address.
    func texts() async throws -> [String: Set<String>] {
        var texts: [String: Set<String>] = [:]
        for lead in try await get("content")["leads"]?.array ?? [] {
            let values = Set((lead["content"]?.object ?? [:]).values.compactMap(\.string))
            for name in [lead["id"], lead["email"]].compactMap({ $0?.string }) { texts[name] = values }
        }
        return texts
    }

    /// Turns on a Zap that starts with finished content.
    func switchOnZap(event: String) async throws { _ = try await post("zaps", ["event": .string(event)]) }

    private func get(_ path: String) async throws -> JSONValue { try await send("GET", path, Data()) }

    private func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        try await send("POST", path, body.canonicalData)
    }

    private func send(_ method: String, _ path: String, _ body: Data) async throws -> JSONValue {
        let response = try await client.send(
            HTTPRequest(
                method, "\(address)/sandbox/\(path)", headers: ["Content-Type": "application/json"], body: body),
            timeout: .seconds(90))
        guard response.isSuccess else {
            throw CommandError.failed(
                "the sandbox refused \(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        return try JSONValue(parsing: response.body)
    }
}
