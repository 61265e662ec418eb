import CRM
import Foundation

/// What change events mean. One event fans out to one for each record it names.
struct ChangeEventReading {
    let connection: ConnectionSettings
    let receivedAt: Date
    /// The transactions in this delivery that convert a lead.
    let conversions: Set<String>

    func events(_ change: ChangeEvent) -> [CRMEvent] {
        guard change.changeType != "GAP_OVERFLOW", !change.recordIDs.isEmpty else {
            return [gap(change, recordID: change.recordIDs.first ?? "")]
        }
        return change.recordIDs.map { event(change, recordID: $0) }
    }

    private func event(_ change: ChangeEvent, recordID: String) -> CRMEvent {
        // `00Q*` stands for all records of a type, after a field's type was changed.
        guard !change.changeType.hasPrefix("GAP_"), let id = SalesforceID(recordID) else {
            return gap(change, recordID: recordID)
        }
        var event = envelope(change, recordID: id.text)
        switch change.entityName {
        case "Lead", "Contact":
            event.lead = SalesforceAccount.lead(change.entityName, id, organization: connection.account)
            interpretPerson(&event, change)
        case "Opportunity": interpretOpportunity(&event, change)
        case "Individual":
            if change.became("ShouldForget") {
                event.kind = .privacyDeleted
            } else if change.became("HasOptedOutSolicit") || change.became("HasOptedOutProcessing") {
                event.kind = .unsubscribed
            }
            event.needsLookup = event.kind != .unknown
        case "EmailMessage": interpretEmail(&event, change)
        case "Event":
            guard change.changeType == "CREATE", change.fields["EventSubtype"] ?? "Event" == "Event",
                let lead = SalesforceAccount.lead(id: change.fields["WhoId"], organization: connection.account)
            else { break }
            event.kind = .meetingBooked
            event.lead = lead
        default: break
        }
        return event
    }

    // MARK: Meaning

    /// The first meaning that applies, in the order of what must not be missed: who opted out gets nothing, whatever
    /// else changed in the same transaction, and a converted lead is no longer written to as a lead.
    private func interpretPerson(_ event: inout CRMEvent, _ change: ChangeEvent) {
        switch change.changeType {
        case "CREATE":
            event.kind = .leadCreated
            guard change.entityName == "Contact" else { return }
            if conversions.contains(change.transactionKey) {
                event.kind = .unknown
                event.details["note"] = "the contact of a lead converted in the same transaction; the person is known"
            } else {
                // Its lead's conversion may stand in another delivery.
                event.needsLookup = true
            }
        case "DELETE": event.kind = .deleted
        case "UNDELETE": event.kind = .restored
        case "UPDATE" where change.became("HasOptedOutOfEmail"): event.kind = .unsubscribed
        case "UPDATE" where change.convertsALead:
            event.kind = .leadConverted
            event.details["converted_contact_id"] = change.fields["ConvertedContactId"]
            event.details["converted_account_id"] = change.fields["ConvertedAccountId"]
            event.details["converted_opportunity_id"] = change.fields["ConvertedOpportunityId"]
        case "UPDATE" where changedTo(change, "EmailBouncedDate") != nil:
            event.kind = .emailBounced
            event.occurredAt = time(changedTo(change, "EmailBouncedDate"), of: event)
        case "UPDATE" where change.entityName == "Lead" && change.changedFields.contains("Status"):
            event.kind = .stageChanged
            event.property = "Status"
            event.value = change.fields["Status"]
        case "UPDATE": event.kind = .leadUpdated
        default: break
        }
    }

    private func interpretOpportunity(_ event: inout CRMEvent, _ change: ChangeEvent) {
        let outcome = SalesforceAccount.kind(ofOpportunity: change.fields)
        switch change.changeType {
        case "CREATE": event.kind = outcome == .stageChanged ? .dealCreated : outcome
        case "UPDATE" where change.became("IsWon") || change.became("IsClosed"): event.kind = outcome
        case "UPDATE" where change.changedFields.contains("StageName"):
            event.kind = outcome
            event.property = "StageName"
            event.value = change.fields["StageName"]
        default: return
        }
        event.needsLookup = true
    }

    private func interpretEmail(_ event: inout CRMEvent, _ change: ChangeEvent) {
        if change.changeType == "CREATE", change.became("Incoming"), change.fields["ReplyToEmailMessageId"] != nil {
            event.kind = .emailReplied
        } else if change.became("IsBounced") {
            event.kind = .emailBounced
        } else if let opened = changedTo(change, "LastOpenedDate") ?? changedTo(change, "FirstOpenedDate") {
            event.kind = .emailOpened
            event.occurredAt = time(opened, of: event)
        }
        event.needsLookup = event.kind != .unknown
    }

    /// A field's new value, if this event changed it to something.
    private func changedTo(_ change: ChangeEvent, _ field: String) -> String? {
        change.changeType == "UPDATE" && change.changedFields.contains(field) ? change.fields[field] : nil
    }

    /// When something happened by the record's own account, which cannot be later than the commit.
    private func time(_ text: String?, of event: CRMEvent) -> Date {
        text.flatMap(Date.init(wire:)).map { min($0, event.occurredAt) } ?? event.occurredAt
    }

    // MARK: Envelope

    private func envelope(_ change: ChangeEvent, recordID: String) -> CRMEvent {
        var event = CRMEvent(
            kind: .unknown, objectType: change.entityName, objectID: recordID, lead: nil,
            occurredAt: change.commitTime ?? receivedAt,
            dedupeKey: [
                SalesforceID(connection.account)?.text ?? connection.account, change.transactionKey,
                change.sequenceNumber, change.entityName, recordID,
            ].joined(separator: ":"),
            causedByUs: change.client.map { $0 == connection.clientID ?? SalesforceWebhooks.defaultClient } ?? false,
            fields: change.fields)
        event.details["change_type"] = change.changeType
        event.details["transaction_key"] = change.transactionKey
        event.details["replay_id"] = change.replayID
        return event
    }

    /// Something changed that the event does not show: the record, or the whole type, must be read again.
    private func gap(_ change: ChangeEvent, recordID: String) -> CRMEvent {
        let id = SalesforceID(recordID)
        var event = envelope(change, recordID: id?.text ?? recordID)
        guard change.changeType.hasPrefix("GAP_") || recordID.hasSuffix("*") else {
            event.details["note"] = "a change event without a record id"
            return event
        }
        event.kind = .gap
        if let id, change.changeType != "GAP_OVERFLOW" {
            event.lead = SalesforceAccount.lead(id: id.text, organization: connection.account)
        } else {
            event.details["resynchronise"] = change.entityName
        }
        return event
    }
}
