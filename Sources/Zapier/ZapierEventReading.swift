import CRM
import Cryptography
import Foundation
import JSON

/// Reads single events of a Zap's call. It never fails: what names no event or nobody becomes an `unknown` event.
struct ZapierEventReading {
    let connection: ConnectionSettings
    let receivedAt: Date

    func event(_ element: JSONValue) -> CRMEvent {
        let fields = flattened(element)
        var event = CRMEvent(
            kind: .unknown, objectType: "lead", objectID: "", lead: nil,
            occurredAt: fields["occurred_at"].flatMap(Date.init(wire:)) ?? receivedAt,
            // A Zap that is replayed sends the same body again.
            dedupeKey: fields["id"] ?? "sha256:\(Hash.sha256(element.canonicalData).hexadecimal)",
            fields: fields.filter { !["id", "event", "occurred_at"].contains($0.key) })
        guard let kind = kind(fields) else {
            event.details["note"] = "no event that Leadwright knows"
            return event
        }
        guard let lead = leadID(fields) else {
            event.details["note"] = "neither lead_id nor email says whom this concerns"
            return event
        }
        event.kind = kind
        event.objectID = lead
        event.lead = LeadIdentity(system: .zapier, account: account, objectType: "lead", objectID: lead)
        if kind == .stageChanged {
            event.property = "stage"
            event.value = fields["stage"] ?? fields["lead__stage"]
        }
        return event
    }

    /// What a Zap calls the connection's account, and the prefix of its leads' keys.
    private var account: String { connection.account.isEmpty ? connection.name : connection.account }

    private func kind(_ fields: [String: String]) -> EventKind? {
        if let name = fields["event"] { return EventKind(wire: name) }
        // The app's action "Record Outcome".
        return fields["outcome"].flatMap { Self.outcomes[$0.lowercased()] }
    }

    private static let outcomes: [String: EventKind] = [
        "opened": .emailOpened, "clicked": .emailClicked, "replied": .emailReplied, "bounced": .emailBounced,
        "meeting": .meetingBooked, "won": .dealWon, "lost": .dealLost, "unsubscribed": .unsubscribed,
    ]

    /// The sender's own id for the lead, or else its address in lower case. What we delivered to a Zap holds our key,
    /// and comes back so.
    private func leadID(_ fields: [String: String]) -> String? {
        if let id = fields["lead_id"] ?? fields["lead__id"] {
            let prefix = "zapier:\(account):"
            return id.hasPrefix(prefix) ? String(id.dropFirst(prefix.count)) : id
        }
        let email = (fields["email"] ?? fields["lead__email"])?.trimmingCharacters(in: .whitespaces).lowercased()
        return email?.isEmpty == false ? email : nil
    }

    /// The scalars of the body by name, those inside objects as `lead__email`, the way Zapier's forms write them;
    /// empty texts are left out.
    private func flattened(_ element: JSONValue) -> [String: String] {
        var fields = element.scalarFields
        for (name, value) in element.object ?? [:] where value.object != nil {
            for (inner, text) in flattened(value) { fields["\(name)__\(inner)"] = text }
        }
        return fields
    }
}
