import CRM
import Cryptography
import Foundation
import JSON

/// Reads single elements of a HubSpot delivery. It never fails: what makes no sense becomes an `unknown` event.
struct HubSpotEventReading {
    let connection: ConnectionSettings
    let receivedAt: Date

    /// One element of the list of events (webhooks guide, "Webhook payloads").
    func event(_ element: JSONValue) -> CRMEvent {
        // The guide says `eventType`, every real delivery `subscriptionType`.
        let type = (element["subscriptionType"] ?? element["eventType"])?.string ?? ""
        let portal = element["portalId"]?.identifier
        guard let dot = type.lastIndex(of: "."), let portal, let object = objectID(of: element) else {
            return unknown(element, note: "no subscriptionType, portalId or objectId")
        }
        let objectType =
            type.hasPrefix("object.")
            ? element["objectTypeId"]?.string.map(HubSpotObject.name) ?? "object" : String(type[..<dot])
        var event = CRMEvent(
            kind: .unknown, objectType: objectType, objectID: object, lead: nil,
            property: element["propertyName"]?.string, value: element["propertyValue"]?.scalarText,
            occurredAt: time(of: element), dedupeKey: dedupeKey(element, portal: portal),
            causedByUs: isCausedByUs(element), attempt: attempt(of: element))
        event.details["subscription_type"] = type
        event.details["change_source"] = element["changeSource"]?.scalarText
        guard connection.account.isEmpty || portal == connection.account else {
            event.details["note"] = "portal \(portal) does not belong to this connection"
            return event
        }
        if objectType == "contact" { event.lead = contact(object, portal: portal) }
        interpret(&event, change: String(type[type.index(after: dot)...]), element: element, portal: portal)
        return event
    }

    /// The execution of our custom workflow action. Its callback id is what makes it one job.
    func action(_ body: JSONValue) -> CRMEvent {
        guard let callback = body["callbackId"]?.string, let portal = body["origin"]?["portalId"]?.identifier,
            let object = body["object"]?["objectId"]?.identifier
        else { return unknown(body, note: "an action without callbackId, portalId or objectId") }
        let type = (body["object"]?["objectType"]?.string ?? "contact").lowercased()
        let objectType = HubSpotObject.name(ofTypeID: type)
        var event = CRMEvent(
            kind: .actionRequested, objectType: objectType, objectID: object, lead: nil, occurredAt: receivedAt,
            dedupeKey: "action:\(callback)", fields: body["object"]?["properties"]?.scalarFields ?? [:])
        event.details["callback_id"] = callback
        event.details["workflow_id"] = body["context"]?["workflowId"]?.identifier
        for (name, value) in body["inputFields"]?.scalarFields ?? [:] { event.details["input.\(name)"] = value }
        guard connection.account.isEmpty || portal == connection.account else {
            event.kind = .unknown
            event.details["note"] = "portal \(portal) does not belong to this connection"
            return event
        }
        if objectType == "contact" { event.lead = contact(object, portal: portal) }
        event.needsLookup = event.lead == nil
        return event
    }

    // MARK: Meaning

    private func interpret(_ event: inout CRMEvent, change: String, element: JSONValue, portal: String) {
        switch (event.objectType, change) {
        case ("contact", "creation"): event.kind = .leadCreated
        case ("lead", "creation"): event.becomes(.leadCreated, needsLookup: true)
        case ("deal", "creation"): event.becomes(.dealCreated, needsLookup: true)
        case ("meeting", "creation"): event.becomes(.meetingBooked, needsLookup: true)
        case ("contact", "deletion"): event.kind = .deleted
        case ("contact", "privacyDeletion"): event.kind = .privacyDeleted
        case ("contact", "restore"): event.kind = .restored
        case ("contact", "merge"): interpretMerge(&event, element, portal: portal)
        case (_, "associationChange"): interpretAssociation(&event, element, portal: portal)
        case ("contact", "propertyChange"):
            let meaning = HubSpotProperty.meaning(of: event.property ?? "", value: event.value ?? "")
            event.kind = meaning.kind
            // A meeting's time may lie ahead; nothing happened later than HubSpot told us about it.
            if let time = meaning.time { event.occurredAt = min(time, event.occurredAt) }
        case ("deal", "propertyChange") where event.property == "dealstage":
            // The default pipeline's names. Any other value is an opaque id, to be looked up.
            switch event.value {
            case "closedwon": event.becomes(.dealWon, needsLookup: true)
            case "closedlost": event.becomes(.dealLost, needsLookup: true)
            default: event.becomes(.stageChanged, needsLookup: true)
            }
        default: break
        }
    }

    private func interpretMerge(_ event: inout CRMEvent, _ element: JSONValue, portal: String) {
        let primary = element["primaryObjectId"]?.identifier
        let survivor = element["newObjectId"]?.identifier ?? primary ?? event.objectID
        var gone = (element["mergedObjectIds"]?.array ?? []).compactMap(\.identifier)
        if let primary { gone.append(primary) }
        event.kind = .merged
        event.objectID = survivor
        event.lead = contact(survivor, portal: portal)
        event.details["merged_ids"] = gone.filter { $0 != survivor }.joined(separator: ",")
    }

    private func interpretAssociation(_ event: inout CRMEvent, _ element: JSONValue, portal: String) {
        let type = element["associationType"]?.string ?? ""
        let from = element["fromObjectId"]?.identifier
        let to = element["toObjectId"]?.identifier
        event.kind = .associationChanged
        event.details["from_id"] = from
        event.details["to_id"] = to
        event.details["association_type"] = type
        event.details["removed"] = element["associationRemoved"]?.scalarText
        let leadID = event.objectType == "contact" || type.hasPrefix("CONTACT_TO_") ? from : nil
        event.lead = (leadID ?? (type.hasSuffix("_TO_CONTACT") ? to : nil)).map { contact($0, portal: portal) }
    }

    // MARK: Envelope

    private func objectID(of element: JSONValue) -> String? {
        ["objectId", "fromObjectId", "newObjectId"].compactMap { element[$0]?.identifier }.first
    }

    private func contact(_ id: String, portal: String) -> LeadIdentity {
        LeadIdentity(system: .hubspot, account: portal, objectType: "contact", objectID: id)
    }

    private func time(of element: JSONValue) -> Date {
        element["occurredAt"]?.scalarText.flatMap(Date.init(wire:)) ?? receivedAt
    }

    /// `eventId` alone is documented as not unique; the attempt must not be part of it.
    private func dedupeKey(_ element: JSONValue, portal: String) -> String {
        let association = [element["fromObjectId"], element["toObjectId"]].compactMap { $0?.identifier }
        let object = element["objectId"]?.identifier ?? association.joined(separator: ">")
        return [
            portal, element["subscriptionId"]?.identifier, element["eventId"]?.identifier, object,
            element["propertyName"]?.string, element["occurredAt"]?.identifier,
        ].map { $0 ?? "" }.joined(separator: ":")
    }

    /// A write with an app's token comes back with the app's id. Without a configured id it is the id of the app whose
    /// subscription this is, which is ours.
    private func isCausedByUs(_ element: JSONValue) -> Bool {
        guard element["changeSource"]?.string == "INTEGRATION", let source = element["sourceId"]?.scalarText else {
            return false
        }
        return source == connection.clientID ?? element["appId"]?.identifier
    }

    private func attempt(of element: JSONValue) -> Int {
        element["attemptNumber"]?.integer.map(Int.init(clamping:)) ?? 0
    }

    private func unknown(_ element: JSONValue, note: String) -> CRMEvent {
        var identity = element.object ?? ["value": element]
        identity["attemptNumber"] = nil
        let hash = Hash.sha256(JSONValue.object(identity).canonicalData).hexadecimal
        return CRMEvent(
            kind: .unknown, objectType: "", objectID: objectID(of: element) ?? "", lead: nil,
            occurredAt: time(of: element), dedupeKey: "sha256:\(hash)", attempt: attempt(of: element),
            details: ["note": note])
    }
}

extension CRMEvent {
    fileprivate mutating func becomes(_ kind: EventKind, needsLookup: Bool) {
        self.kind = kind
        self.needsLookup = needsLookup
    }
}
