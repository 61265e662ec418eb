import CRM
import ConnectorTesting
import Foundation
import HTTPClient
import HTTPTypes
import HubSpot
import JSON
import XCTest

/// A connector with a scripted HubSpot behind it.
struct ScriptedPortal {
    let server: ScriptedServer
    let connector: HubSpotConnector

    /// Starts both; they end with the test.
    static func start(
        _ test: XCTestCase, credentials: [String: String] = ["access_token": "pat-1"],
        targets: [ContentTarget] = [], stages: [String: FunnelStage] = [:], fields: [String: String] = [:],
        options: [String: String] = [:], timeout: Duration = .seconds(20),
        _ script: @escaping @Sendable (HTTPRequest, Int) -> HTTPResponse?
    ) async throws -> ScriptedPortal {
        let server = try await ScriptedServer.start(script)
        let client = HTTPClient()
        test.addTeardownBlock {
            await server.stop()
            await client.close()
        }
        return ScriptedPortal(
            server: server, client: client, credentials: credentials, targets: targets,
            settings: ConnectionSettings(
                name: "acme", system: .hubspot, account: "8112233", baseURL: server.url,
                publicURL: "https://gateway.example.com", stages: stages, fields: fields, options: options),
            timeout: timeout)
    }

    private init(
        server: ScriptedServer, client: HTTPClient, credentials: [String: String], targets: [ContentTarget],
        settings: ConnectionSettings, timeout: Duration
    ) {
        self.server = server
        connector = HubSpotConnector(
            connection: settings, credentials: Credentials(credentials), client: client, targets: targets,
            timeout: timeout, now: { Date(timeIntervalSince1970: 1_795_100_000) })
    }

    static func lead(_ id: Int) -> LeadIdentity {
        LeadIdentity(system: .hubspot, account: "8112233", objectType: "contact", objectID: String(id))
    }

    static func intent(_ id: Int, target: String = "leadwright", body: String = "Mira, …") -> WriteIntent {
        WriteIntent(
            id: "generation-\(id)-\(target)", lead: lead(id), target: target,
            content: ["subject": "A quieter rollout", "body": body], kind: "nurture_email",
            stage: .marketingqualifiedlead, generatedAt: Date(timeIntervalSince1970: 1_795_100_000))
    }

    static func intents(_ ids: Range<Int>) -> [WriteIntent] { ids.map { intent($0) } }
}

extension WriteOutcome {
    /// `written`, or the failure's code.
    var summary: String {
        switch self {
        case .written: "written"
        case .failed(let error): error.code.rawValue
        }
    }
}
