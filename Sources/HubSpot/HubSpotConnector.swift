public import CRM
public import Foundation
public import HTTPClient
import JSON

/// One HubSpot account over its REST API.
///
/// Credentials: `access_token` (a private app's token), or `refresh_token`, `client_id` and `client_secret` (OAuth).
/// The app needs the scopes `crm.objects.contacts.read` and `.write`, `crm.schemas.contacts.write`,
/// `crm.objects.deals.read`.
///
/// Options of the connection:
/// - `consent` = `legal_basis`: a contact without `hs_legal_basis` has not consented. Without it only an objection
///   counts: opted out, bounced, quarantined, ineligible.
///
/// A write target is a prefix of property names: `leadwright_nurture_email` stands for
/// `leadwright_nurture_email_subject`, `…_body`, `…_id`, `…_fingerprint` and `…_generated_at`.
public struct HubSpotConnector: Connector {
    /// What one batch call takes.
    static let batchLimit = 100

    public let connection: ConnectionSettings
    let targets: [ContentTarget]
    let api: HubSpotAPI

    /// A connector for one connection.
    ///
    /// - Parameters:
    ///   - targets: what `connect()` prepares properties for.
    ///   - timeout: how long a call may take; after it, the result of a write is unknown.
    ///   - logins: keeps OAuth's tokens for other processes; a private app has none.
    public init(
        connection: ConnectionSettings, credentials: Credentials, client: HTTPClient, targets: [ContentTarget] = [],
        timeout: Duration = .seconds(30), logins: any LoginStore = UnsharedLogin(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.connection = connection
        self.targets = targets
        let baseURL = connection.baseURL ?? "https://api.hubapi.com"
        api = HubSpotAPI(
            baseURL: baseURL, client: client, timeout: timeout,
            authorization: HubSpotAuthorization(
                credentials: credentials, connection: connection.name, baseURL: baseURL, client: client,
                logins: logins, now: now),
            now: now, heard: CallBudgets())
    }

    public var budgets: [CallBudget] { api.heard.all }

    public func connect() async throws(CRMError) -> [SetUpStep] {
        try await HubSpotSetUp(api: api).prepare(targets)
    }

    public func read(_ leads: [LeadIdentity], known: [LeadIdentity: [String: String]]) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        let contacts = try await contacts(
            Set(leads.map(\.objectID)).sorted(), properties: HubSpotContact.properties(for: connection))
        let byID = Dictionary(contacts.map { ($0.id, $0) }) { first, _ in first }
        var readings: [LeadIdentity: LeadReading] = [:]
        for lead in leads {
            if let contact = byID[lead.objectID] {
                readings[lead] = .found(contact.record(lead, connection: connection))
            } else if let survivor = contacts.first(where: { $0.hasAbsorbed(lead.objectID) }) {
                // HubSpot answers a merged id with the record that it went into.
                readings[lead] = .merged(
                    into: LeadIdentity(
                        system: .hubspot, account: lead.account, objectType: "contact", objectID: survivor.id))
            } else {
                readings[lead] = .gone
            }
        }
        return readings
    }

    public func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        try await HubSpotLookup(api: api, connection: connection).resolve(event)
    }

    public func write(_ intents: [WriteIntent]) async throws(CRMError) -> [WriteOutcome] {
        await HubSpotWriting(api: api).write(intents)
    }

    public func readBack(_ intents: [WriteIntent]) async throws(CRMError) -> [ReadBack] {
        let updates = intents.map(HubSpotUpdate.init)
        let contacts = try await contacts(
            Set(updates.map(\.recordID)).sorted(), properties: Set(updates.flatMap(\.properties.keys)).sorted())
        let byID = Dictionary(contacts.map { ($0.id, $0.properties) }) { first, _ in first }
        return updates.map { $0.found(in: byID[$0.recordID] ?? [:]) }
    }

    /// Contacts by record id, 100 a call; those that do not exist are missing from the result.
    private func contacts(_ ids: [String], properties: [String]) async throws(CRMError) -> [HubSpotContact] {
        var plan = BatchPlan(count: ids.count, limit: Self.batchLimit)
        var contacts: [HubSpotContact] = []
        while let batch = plan.next() {
            let answer = try await api.call(
                "POST", "/crm/v3/objects/contacts/batch/read",
                [
                    "properties": .array(properties.map(JSONValue.string)),
                    "inputs": .array(ids[batch].map { ["id": .string($0)] }),
                ])
            guard let results = answer["results"]?.array else {
                throw CRMError(.malformedAnswer, "HubSpot's answer to a batch holds no results")
            }
            contacts += results.compactMap(HubSpotContact.init)
        }
        return contacts
    }
}
