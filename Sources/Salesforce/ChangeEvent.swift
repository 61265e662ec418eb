import CRM
import Foundation
import JSON

/// One change event as a CometD client sees it (Change Data Capture guide, "Change Event Message Structure").
struct ChangeEvent {
    var entityName: String
    var recordIDs: [String]
    var changeType: String
    var changedFields: Set<String>
    var changeOrigin: String
    var transactionKey: String
    var sequenceNumber: String
    var commitTime: Date?
    /// Where in the channel it stands; text, because it must never be computed with.
    var replayID: String?
    /// The values that came along. Empty ones are left out: through Pub/Sub an unchanged field is empty too.
    var fields: [String: String]

    /// Reads the message, or what a bridge left of it: the content of `data`, or the payload alone.
    init?(_ message: JSONValue) {
        let outer = message["data"] ?? message
        let payload = outer["payload"] ?? outer
        guard let header = payload["ChangeEventHeader"], header.object != nil else { return nil }
        entityName = header["entityName"]?.string ?? ""
        recordIDs = (header["recordIds"]?.array ?? []).compactMap(\.string)
        changeType = header["changeType"]?.string ?? ""
        changedFields = Set((header["changedFields"]?.array ?? []).compactMap(\.string))
        changeOrigin = header["changeOrigin"]?.string ?? ""
        transactionKey = header["transactionKey"]?.string ?? ""
        sequenceNumber = header["sequenceNumber"]?.identifier ?? ""
        commitTime = header["commitTimestamp"]?.scalarText.flatMap(Date.init(wire:))
        replayID = outer["event"]?["replayId"]?.identifier
        fields = payload.scalarFields
    }

    /// Whether a field changed in this event and is true now. A creation names no changed fields; all are new.
    func became(_ field: String) -> Bool {
        (changeType == "CREATE" || changedFields.contains(field)) && fields[field].flatMap(Bool.init(wire:)) == true
    }

    /// Whether this is the lead's own part in its conversion. The account, contact and opportunity that come with it
    /// carry the same transaction key.
    var convertsALead: Bool { entityName == "Lead" && changeType == "UPDATE" && became("IsConverted") }

    /// The program that made the change, if it named itself: `com/salesforce/api/rest/67.0;client=Name`.
    var client: String? {
        changeOrigin.split(separator: ";").compactMap { part in
            part.hasPrefix("client=") ? String(part.dropFirst("client=".count)) : nil
        }.first
    }
}
