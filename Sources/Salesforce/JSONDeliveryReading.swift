import CRM
import Cryptography
import Foundation
import JSON

/// Reads a list of JSON messages: change events, flows' messages, or both. It never fails: what is neither becomes an
/// `unknown` event.
struct JSONDeliveryReading {
    let connection: ConnectionSettings
    let receivedAt: Date

    func events(_ elements: [JSONValue]) -> [CRMEvent] {
        let changes = elements.map(ChangeEvent.init)
        let conversions = Set(changes.compactMap { $0 }.filter(\.convertsALead).map(\.transactionKey))
        let reading = ChangeEventReading(connection: connection, receivedAt: receivedAt, conversions: conversions)
        return zip(elements, changes).flatMap { element, change in
            if let change { return reading.events(change) }
            return [flow(element) ?? unknown(element)]
        }
    }

    /// A flow's HTTP callout. The body is our own contract; Connectors/salesforce describes it.
    private func flow(_ element: JSONValue) -> CRMEvent? {
        guard let record = element["record"]?.object.map(JSONValue.object), let name = element["event"]?.string,
            let id = record["Id"]?.string.flatMap(SalesforceID.init)
        else { return nil }
        let type = id.objectType ?? record["attributes"]?["type"]?.string ?? ""
        let organization = element["organizationId"]?.string ?? connection.account
        let modified = record["LastModifiedDate"]?.string
        var event = CRMEvent(
            kind: EventKind(wire: name) ?? .unknown, objectType: type, objectID: id.text,
            lead: SalesforceAccount.lead(id: id.text, organization: organization),
            occurredAt: modified.flatMap(Date.init(wire:)) ?? receivedAt,
            dedupeKey: hash(element), fields: record.scalarFields)
        if let interview = element["interviewGuid"]?.string, !interview.isEmpty {
            event.dedupeKey = "\(interview):\(id.text):\(modified ?? "")"
            event.details["interview_guid"] = interview
        }
        if event.kind == .stageChanged {
            event.property = type == "Opportunity" ? "StageName" : "Status"
            event.value = event.property.flatMap { event.fields[$0] }
        }
        event.needsLookup = event.kind != .unknown && event.lead == nil
        if event.kind == .unknown { event.details["note"] = "the flow names an event that Leadwright does not know" }
        return event
    }

    private func unknown(_ element: JSONValue) -> CRMEvent {
        CRMEvent(
            kind: .unknown, objectType: "", objectID: "", lead: nil, occurredAt: receivedAt, dedupeKey: hash(element),
            details: ["note": "neither a change event nor a flow's message with event and record.Id"])
    }

    private func hash(_ element: JSONValue) -> String { "sha256:\(Hash.sha256(element.canonicalData).hexadecimal)" }
}
