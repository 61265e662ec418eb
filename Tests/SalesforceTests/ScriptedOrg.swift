import CRM
import ConnectorTesting
import Cryptography
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import Salesforce
import Synchronization
import XCTest

/// A connector with a scripted Salesforce behind it, which logs everyone in and leaves the rest to the test.
struct ScriptedOrg {
    static let organization = "00D7Q000000PubLUAS"
    static let loginPath = "/services/oauth2/token"
    static let data = "/services/data/v67.0"

    let server: ScriptedServer
    let connector: SalesforceConnector

    private final class LoginCount: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    /// Starts both; they end with the test. Without a `login` script the n-th login gives the token `t-n`.
    static func start(
        _ test: XCTestCase, credentials: [String: String] = ["consumer_key": "key", "consumer_secret": "secret"],
        options: [String: String] = [:], fields: [String: String] = [:], timeout: Duration = .seconds(20),
        login: (@Sendable (HTTPRequest) -> HTTPResponse)? = nil,
        _ script: @escaping @Sendable (HTTPRequest) -> HTTPResponse?
    ) async throws -> ScriptedOrg {
        let logins = LoginCount()
        let server = try await ScriptedServer.start { request, _ in
            guard request.path == Self.loginPath else { return script(request) }
            if let login { return login(request) }
            let number = logins.next()
            let host = request.headers["Host"] ?? ""
            return .json(200, ["access_token": .string("t-\(number)"), "instance_url": .string("http://\(host)")])
        }
        let client = HTTPClient()
        test.addTeardownBlock {
            await server.stop()
            await client.close()
        }
        let settings = ConnectionSettings(
            name: "fjord", system: .salesforce, account: organization, baseURL: server.url, publicURL: "",
            stages: ["Working - Contacted": .marketingqualifiedlead, "Customer": .customer], fields: fields,
            options: options)
        return ScriptedOrg(
            server: server, client: client, credentials: credentials, settings: settings, timeout: timeout)
    }

    private init(
        server: ScriptedServer, client: HTTPClient, credentials: [String: String], settings: ConnectionSettings,
        timeout: Duration
    ) {
        self.server = server
        connector = SalesforceConnector(
            connection: settings, credentials: Credentials(credentials), client: client, timeout: timeout,
            now: { Date(timeIntervalSince1970: 1_795_100_000) })
    }

    /// The calls besides logins.
    var calls: [HTTPRequest] { server.requests.filter { $0.path != Self.loginPath } }

    static func lead(_ number: Int, type: String = "Lead") -> LeadIdentity {
        let short = (type == "Lead" ? "00Q7Q00000F" : "0037Q00000F") + String(format: "%04d", number)
        return LeadIdentity(
            system: .salesforce, account: organization, objectType: type,
            objectID: SalesforceID(short)?.text ?? "")
    }

    static func intent(_ number: Int, type: String = "Lead", object: String = "Leadwright_Content__c") -> WriteIntent {
        WriteIntent(
            id: "generation-\(number)", lead: lead(number, type: type), target: object,
            content: ["subject": "A quieter rollout", "body": "Mira, …"], kind: "nurture_email",
            stage: .marketingqualifiedlead, generatedAt: Date(timeIntervalSince1970: 1_795_100_000))
    }

    /// The query of a request, if it is one.
    static func soql(_ request: HTTPRequest) -> String? { request.query.first { $0.name == "q" }?.value }

    /// A query's answer.
    static func rows(_ rows: [JSONValue]) -> HTTPResponse {
        .json(200, ["totalSize": .integer(Int64(rows.count)), "done": true, "records": .array(rows)])
    }

    static func problem(_ status: Int, _ code: String, _ message: String = "") -> HTTPResponse {
        .json(status, [["errorCode": .string(code), "message": .string(message)]])
    }
}

extension WriteOutcome {
    /// `written`, or the failure's code.
    var summary: String {
        switch self {
        case .written: "written"
        case .failed(let error): error.code.rawValue
        }
    }

    /// The record's id.
    var receipt: String? {
        guard case .written(_, let receipt) = self else { return nil }
        return receipt
    }
}
