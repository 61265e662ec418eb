import CRM
import Foundation
import HTTPTypes
import JSON

/// Reads leads and contacts by query.
struct SalesforcePeople {
    /// Ids in one query: 200 make a URL of 6 kB, and 16 kB are allowed.
    private static let batchLimit = 200

    let api: SalesforceAPI
    let connection: ConnectionSettings

    /// The records as they stand; what is neither a lead nor a contact is gone.
    func read(_ leads: [LeadIdentity]) async throws(CRMError) -> [LeadIdentity: LeadReading] {
        var readings = Dictionary(leads.map { ($0, LeadReading.gone) }) { first, _ in first }
        for type in ["Lead", "Contact"] {
            let identities = Set(leads.filter { $0.objectType == type && SalesforceID($0.objectID) != nil })
                .sorted { $0.objectID < $1.objectID }
            var plan = BatchPlan(count: identities.count, limit: Self.batchLimit)
            while let batch = plan.next() {
                readings.merge(try await read(identities[batch], of: type)) { $1 }
            }
        }
        return readings
    }

    private func read(_ identities: ArraySlice<LeadIdentity>, of type: String) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        let form = SalesforcePersonForm(objectType: type, connection: connection)
        let condition = "FROM \(type) WHERE Id IN \(SOQL.list(identities.map(\.objectID)))"
        let (rows, hidden) = try await select(form.columns, condition)
        let byID = Dictionary(rows.map { ($0["Id"]?.string.flatMap(SalesforceID.init)?.text ?? "", $0) }) { $1 }
        var readings: [LeadIdentity: LeadReading] = [:]
        for identity in identities {
            guard let row = byID[SalesforceID(identity.objectID)?.text ?? ""] else { continue }
            readings[identity] = reading(identity, row, form, hidden)
        }
        let missing = identities.filter { readings[$0] == nil }
        guard !missing.isEmpty else { return readings }
        return readings.merging(try await merges(missing, of: type)) { $1 }
    }

    private func reading(
        _ identity: LeadIdentity, _ row: JSONValue, _ form: SalesforcePersonForm, _ hidden: Set<String>
    ) -> LeadReading {
        // A converted lead is read-only for most users; the person goes on as the contact.
        if row["IsConverted"]?.bool == true,
            let contact = SalesforceAccount.lead(id: row["ConvertedContactId"]?.string, organization: identity.account)
        {
            return .merged(into: contact)
        }
        return .found(form.record(identity, row, hidden: hidden))
    }

    /// Selects columns, without those that the user may not see: Salesforce refuses the whole query for one of them.
    private func select(_ columns: [String], _ condition: String) async throws(CRMError)
        -> (rows: [JSONValue], hidden: Set<String>)
    {
        var hidden: Set<String> = []
        while true {
            let visible = columns.filter { !hidden.contains($0) }
            let soql = "SELECT \(visible.joined(separator: ", ")) \(condition)"
            switch try await api.answer(to: soql) {
            case .success(let rows): return (rows, hidden)
            case .failure(let problem):
                guard problem.code == "INVALID_FIELD", let name = visible.first(where: problem.names), name != "Id"
                else { throw problem.error }
                hidden.insert(name)
            }
        }
    }

    /// Records that are no more, and those that were merged into another one.
    private func merges(_ identities: [LeadIdentity], of type: String) async throws(CRMError)
        -> [LeadIdentity: LeadReading]
    {
        let rows = try await api.query(
            "SELECT Id, MasterRecordId FROM \(type) WHERE Id IN \(SOQL.list(identities.map(\.objectID))) "
                + "AND IsDeleted = true", includingDeleted: true)
        var masters: [String: String] = [:]
        for row in rows {
            if let id = row["Id"]?.string.flatMap(SalesforceID.init) {
                masters[id.text] = row["MasterRecordId"]?.string
            }
        }
        var readings: [LeadIdentity: LeadReading] = [:]
        for identity in identities {
            let master = masters[SalesforceID(identity.objectID)?.text ?? ""].flatMap(SalesforceID.init)
            readings[identity] =
                master.map { .merged(into: SalesforceAccount.lead(type, $0, organization: identity.account)) } ?? .gone
        }
        return readings
    }
}
