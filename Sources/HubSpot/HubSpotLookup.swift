import CRM
import Foundation
import HTTPTypes
import JSON

/// Finds out what an event about a deal, a meeting or a lead object means and which contacts it concerns.
struct HubSpotLookup {
    let api: HubSpotAPI
    let connection: ConnectionSettings

    /// The event once for each contact; empty when the record has none, or no longer exists.
    func resolve(_ event: CRMEvent) async throws(CRMError) -> [CRMEvent] {
        var event = event
        event.needsLookup = false
        if event.lead != nil { return [event] }
        if event.objectType == "deal", event.kind == .stageChanged, let stage = event.value {
            event.kind = try await meaning(ofDealStage: stage)
        }
        return try await contacts(of: event.objectType, event.objectID).map { contact in
            var one = event
            one.lead = LeadIdentity(
                system: .hubspot, account: connection.account, objectType: "contact", objectID: contact)
            return one
        }
    }

    /// A stage by its probability (pipelines guide): 1.0 is won, 0.0 of a closed stage lost.
    private func meaning(ofDealStage stage: String) async throws(CRMError) -> EventKind {
        let pipelines = try await api.call("GET", "/crm/v3/pipelines/deals")["results"]?.array ?? []
        let stages = pipelines.flatMap { $0["stages"]?.array ?? [] }
        guard let metadata = stages.first(where: { $0["id"]?.identifier == stage })?["metadata"],
            let probability = metadata["probability"]?.scalarText.flatMap({ Double($0) })
        else { return .stageChanged }
        if probability >= 1 { return .dealWon }
        let isOpen = metadata["isClosed"]?.scalarText.flatMap { Bool(wire: $0) } == false
        return probability <= 0 && !isOpen ? .dealLost : .stageChanged
    }

    private func contacts(of type: String, _ id: String) async throws(CRMError) -> [String] {
        let from = FormEncoding.percentEncode(Self.paths[type] ?? type)
        let response = try await api.exchange(
            "POST", "/crm/v4/associations/\(from)/contacts/batch/read", ["inputs": [["id": .string(id)]]],
            changes: false)
        if response.status == 404 { return [] }
        guard response.isSuccess else { throw HubSpotProblem(response).error }
        let results = try response.json()["results"]?.array ?? []
        var contacts: [String] = []
        for contact in results.flatMap({ $0["to"]?.array ?? [] }).compactMap({ $0["toObjectId"]?.identifier })
        where !contacts.contains(contact) {
            contacts.append(contact)
        }
        return contacts
    }

    private static let paths = ["deal": "deals", "meeting": "meetings", "lead": "leads", "company": "companies"]
}
