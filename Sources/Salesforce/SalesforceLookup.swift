import CRM
import JSON

/// Finds out whom an event concerns and what it means, where the event itself does not say.
struct SalesforceLookup {
    let api: SalesforceAPI
    let connection: ConnectionSettings

    /// The event once for each lead or contact; empty when it concerns nobody.
    func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        var event = event
        event.needsLookup = false
        if let lead = event.lead {
            // A contact that a conversion made is no new person, even if the conversion came in another delivery.
            guard event.kind == .leadCreated, lead.objectType == "Contact" else { return [event] }
            let sources = try await ids("Id", "Lead", where: "ConvertedContactId", lead.objectID)
            return sources.isEmpty ? [event] : []
        }
        var people: [String] = []
        switch event.objectType {
        case "Opportunity":
            if event.kind == .stageChanged { event.kind = try await meaning(ofOpportunity: event.objectID) }
            people = try await self.people(ofOpportunity: event.objectID)
        case "Individual":
            people = try await ids("Id", "Lead", where: "IndividualId", event.objectID)
            people += try await ids("Id", "Contact", where: "IndividualId", event.objectID)
        case "EmailMessage":
            people = try await ids("RelationId", "EmailMessageRelation", where: "EmailMessageId", event.objectID)
        default: break
        }
        var seen: Set<LeadIdentity> = []
        return people.compactMap { SalesforceAccount.lead(id: $0, organization: connection.account) }
            .filter { seen.insert($0).inserted }
            .map { lead in
                var one = event
                one.lead = lead
                return one
            }
    }

    private func meaning(ofOpportunity id: String) async throws(CRMError) -> EventKind {
        let rows = try await api.query("SELECT IsWon, IsClosed FROM Opportunity WHERE Id = \(SOQL.literal(id))")
        return rows.first.map { SalesforceAccount.kind(ofOpportunity: $0.scalarFields) } ?? .stageChanged
    }

    /// The lead that became the opportunity, and the contacts with a role in it. A converted lead's own contact is the
    /// same person, to whom the lead's messages went.
    private func people(ofOpportunity id: String) async throws(CRMError) -> [String] {
        let leads = try await api.query(
            "SELECT Id, ConvertedContactId FROM Lead WHERE ConvertedOpportunityId = \(SOQL.literal(id))")
        let same = leads.compactMap { $0["ConvertedContactId"]?.string }
        let contacts = try await ids("ContactId", "OpportunityContactRole", where: "OpportunityId", id)
            .filter { contact in !same.contains { SalesforceID.same($0, contact) } }
        return leads.compactMap { $0["Id"]?.string } + contacts
    }

    private func ids(_ column: String, _ object: String, where field: String, _ value: String) async throws(CRMError)
        -> [String]
    {
        try await api.query("SELECT \(column) FROM \(object) WHERE \(field) = \(SOQL.literal(value))")
            .compactMap { $0[column]?.string }
    }
}
