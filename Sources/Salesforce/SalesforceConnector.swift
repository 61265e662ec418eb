public import CRM
public import Foundation
public import HTTPClient
import JSON

/// One Salesforce org over its REST API.
///
/// Credentials: `consumer_key` of the app, and either `private_key` (PEM, for the JWT bearer flow) or
/// `consumer_secret` (for client credentials, which need the org's My Domain as the connection's `base_url`).
/// `client_id` of the connection is the name under which our changes are marked; `Leadwright` without it.
///
/// Options of the connection:
/// - `username`: whom the app acts for, with `private_key`.
/// - `audience`: `https://login.salesforce.com` without it; `https://test.salesforce.com` for sandboxes.
/// - `api_version`: `v67.0` without it.
/// - `stage_field`: the lead's stage; `Status` without it.
/// - `contact_stage_field`, or `contact_stage` as one fixed stage for all contacts. Without them contacts have no
///   stage, and nothing is written for them.
/// - `individuals` = `true`: the opt-outs of the linked Individual count too.
///
/// A write target is the object to write, `Leadwright_Content__c` as Connectors/salesforce installs it.
public struct SalesforceConnector: Connector {
    public let connection: ConnectionSettings
    let targets: [ContentTarget]
    let api: SalesforceAPI

    /// A connector for one connection.
    ///
    /// - Parameters:
    ///   - targets: the objects that `connect()` checks.
    ///   - timeout: how long a call may take; after it, the result of a write is unknown.
    ///   - logins: keeps the session for other processes.
    public init(
        connection: ConnectionSettings, credentials: Credentials, client: HTTPClient,
        targets: [ContentTarget] = [ContentTarget(name: "Leadwright_Content__c", parts: ["subject", "body"])],
        timeout: Duration = .seconds(60), logins: any LoginStore = UnsharedLogin(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.connection = connection
        self.targets = targets
        let login = SalesforceLogin(connection: connection, credentials: credentials, client: client, now: now)
        api = SalesforceAPI(
            client: client, timeout: timeout,
            tokens: AccessTokens(now: now, store: logins) { (_) throws(CRMError) in
                Login(token: try await login.token())
            },
            version: connection.options["api_version"] ?? "v67.0",
            clientName: connection.clientID ?? SalesforceWebhooks.defaultClient, now: now, heard: CallBudgets())
    }

    public var budgets: [CallBudget] { api.heard.all }

    public func connect() async throws(CRMError) -> [SetUpStep] {
        try await SalesforceSetUp(api: api).check(targets)
    }

    public func read(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        try await SalesforcePeople(api: api, connection: connection).read(leads)
    }

    public func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        try await SalesforceLookup(api: api, connection: connection).resolve(event)
    }

    public func write(_ intents: [WriteIntent]) async throws(CRMError) -> [WriteOutcome] {
        await SalesforceWriting(api: api).write(intents)
    }

    public func readBack(_ intents: [WriteIntent]) async throws(CRMError) -> [ReadBack] {
        var rows: [String: JSONValue] = [:]
        for (object, group) in Dictionary(grouping: intents, by: \.target).sorted(by: { $0.key < $1.key }) {
            // 100 keys of 36 characters make a URL of 5 kB.
            var plan = BatchPlan(count: group.count, limit: 100)
            while let batch = plan.next() {
                let key = SalesforceContent.keyField
                let found = try await api.query(
                    "SELECT Id, \(key), Subject__c, Body__c, Content__c FROM \(object) "
                        + "WHERE \(key) IN \(SOQL.list(group[batch].map(\.id)))")
                for row in found { rows["\(object) \(row[key]?.string ?? "")"] = row }
            }
        }
        return intents.map { intent in
            rows["\(intent.target) \(intent.id)"].map { SalesforceContent(intent: intent).found(in: $0) } ?? .absent
        }
    }
}
