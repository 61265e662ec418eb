import CRM
import Cryptography
import Foundation
import JSON

/// Reads the notifications of an outbound message. It never fails: a record without an id becomes an `unknown` event.
struct OutboundMessageReading {
    let connection: ConnectionSettings
    let message: OutboundMessage
    let receivedAt: Date

    func events() -> [CRMEvent] { message.notifications.map(event) }

    private func event(_ notification: OutboundMessage.Notification) -> CRMEvent {
        var event = CRMEvent(
            kind: .unknown, objectType: notification.type, objectID: notification.fields["Id"] ?? "", lead: nil,
            // There is no time in a notification; the record's last change is as near as it gets.
            occurredAt: notification.fields["LastModifiedDate"].flatMap(Date.init(wire:)) ?? receivedAt,
            dedupeKey: dedupeKey(notification), fields: notification.fields)
        event.details["notification_id"] = notification.id
        event.details["action_id"] = message.actionID
        guard let id = SalesforceID(event.objectID) else {
            event.details["note"] = "no record id: the record may have been deleted before the message was sent"
            return event
        }
        event.objectID = id.text
        switch notification.type {
        case "Lead", "Contact":
            event.lead = SalesforceAccount.lead(notification.type, id, organization: message.organizationID)
            event.kind = kind(ofLead: notification.fields)
            if event.kind == .stageChanged {
                event.property = "Status"
                event.value = notification.fields["Status"]
            }
        case "Opportunity":
            event.kind = SalesforceAccount.kind(ofOpportunity: notification.fields)
            event.property = "StageName"
            event.value = notification.fields["StageName"]
            event.needsLookup = true
        default:
            event.details["note"] = "outbound messages about this type mean nothing to Leadwright"
        }
        return event
    }

    /// A message says how a record looks, not what happened to it: the connection tells, or the record itself.
    private func kind(ofLead fields: [String: String]) -> EventKind {
        let byAction = connection.options(prefixed: "outbound_message.").first {
            SalesforceID.same($0.key, message.actionID)
        }
        if let kind = (byAction?.value ?? connection.options["outbound_message"]).flatMap(EventKind.init(wire:)) {
            return kind
        }
        if let created = fields["CreatedDate"], let modified = fields["LastModifiedDate"] {
            return created == modified ? .leadCreated : .stageChanged
        }
        let initialStatus = connection.options["initial_status"] ?? "Open - Not Contacted"
        return fields["Status"] == initialStatus ? .leadCreated : .stageChanged
    }

    private func dedupeKey(_ notification: OutboundMessage.Notification) -> String {
        guard notification.id.isEmpty else { return SalesforceID(notification.id)?.text ?? notification.id }
        let content = JSONValue.object(notification.fields.mapValues(JSONValue.string))
        return "sha256:\(Hash.sha256(content.canonicalData).hexadecimal)"
    }
}
