import CRM
import Configuration
import Cryptography
import Foundation
import HTTPTypes
import JSON
import PostgresClient

/// The addresses that our Zapier app calls: `/zapier/me`, `/zapier/hooks`, `/zapier/samples/content_ready`.
///
/// A caller is known by `X-API-Key`, the `api_key` credential of a Zapier connection.
struct ZapierHooks: Sendable {
    private static let subscribeHook = SQL(PackageResources.subscribe_hook_sql)
    private static let unsubscribeHook = SQL(PackageResources.unsubscribe_hook_sql)

    let pool: PostgresPool
    let configuration: ConfigurationStore

    /// Answers `path` below `/zapier`.
    func respond(to request: HTTPRequest, _ path: [String]) async throws -> HTTPResponse {
        let connection = try await authenticate(request)
        switch (request.method, path.first, path.count) {
        case ("GET", "me", 1):
            return .json(200, ["account_name": .string(connection.settings.name)])
        case ("POST", "hooks", 1):
            return try await subscribe(request, connection)
        case ("DELETE", "hooks", 2):
            return try await unsubscribe(path[1], connection)
        case ("GET", "samples", 2) where path[1] == "content_ready":
            return .json(200, [Self.sample])
        default:
            throw GatewayError(.notFound, "nothing is here")
        }
    }

    private func authenticate(_ request: HTTPRequest) async throws -> StoredConnection {
        let key = Data((request.headers["X-API-Key"] ?? "").utf8)
        var owner: StoredConnection?
        // Every key is compared, so that the time taken does not tell which one was nearly right.
        for connection in try await configuration.connections() where connection.settings.system == .zapier {
            guard let expected = connection.credentials["api_key"] else { continue }
            if constantTimeEqual(key, Data(expected.utf8)) { owner = connection }
        }
        guard let owner else {
            throw GatewayError(.unauthorized, "send the connection's API key in X-API-Key")
        }
        return owner
    }

    /// Zapier turns a Zap on. The same address twice is one subscription.
    private func subscribe(_ request: HTTPRequest, _ connection: StoredConnection) async throws -> HTTPResponse {
        let body: JSONValue
        do {
            body = try JSONValue(parsing: request.body)
        } catch {
            throw GatewayError(.malformed, error.description)
        }
        guard let url = body["hookUrl"]?.string, let event = body["event"]?.string else {
            throw GatewayError(.malformed, "hookUrl and event are needed")
        }
        let filters = JSONText((body["filters"] ?? .object([:])).canonicalText)
        let rows = try await pool.query(Self.subscribeHook, [connection.id, event, url, filters])
        guard let id = try rows.first?.decode(Int64.self) else {
            throw GatewayError(.unavailable, "try again in a few seconds")
        }
        return .json(201, ["id": .string("sub_\(id)"), "hookUrl": .string(url), "event": .string(event)])
    }

    /// Zapier turns a Zap off. One that is already gone answers 404, never 5xx.
    private func unsubscribe(_ name: String, _ connection: StoredConnection) async throws -> HTTPResponse {
        let id = name.hasPrefix("sub_") ? Int64(name.dropFirst(4)) : nil
        let ended = try await pool.execute(Self.unsubscribeHook, [id ?? 0, connection.id])
        return ended == 1 ? HTTPResponse(status: 204) : .json(404, ["id": .string(name)])
    }

    /// What a Zap's editor shows before the first real delivery; the shape of `ZapierConnector`'s deliveries.
    private static let sample: JSONValue = [
        "id": "evt_sample", "event": "lead.content_ready", "occurred_at": "2026-11-19T08:00:00Z",
        "kind": "nurture_email",
        "lead": [
            "id": "zapier:acme:mira@fjord.example", "email": "mira@fjord.example", "stage": "marketingqualifiedlead",
        ],
        "content": ["subject": "A quieter rollout", "body": "Mira, …"],
    ]
}
