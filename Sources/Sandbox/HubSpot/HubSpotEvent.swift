import Foundation
import JSON

/// One element of a webhook: what happened, and which subscription asked for it.
package struct HubSpotEvent: Sendable {
    /// Who caused a change, as `changeSource` and `sourceId` name it.
    struct Source: Sendable, Hashable {
        let name: String
        let id: String

        /// A person at the keyboard.
        static let person = Source(name: "CRM_UI", id: "userId:52310")
        static let tracking = Source(name: "EMAIL", id: "tracking")
        static let meetings = Source(name: "MEETINGS", id: "link")
        static let unsubscribeLink = Source(name: "EMAIL_INTEGRATION", id: "unsubscribe-link")
    }

    let type: HubSpotObjectType
    /// `creation`, `deletion`, `privacyDeletion`, `propertyChange`, `associationChange`, `merge`.
    let action: String
    /// The record; absent from association events.
    var objectID: Int64?
    /// The changed property with its value as webhooks show it.
    var property: (name: String, value: String)?
    /// Members that only this action has.
    var details: [String: JSONValue] = [:]
    let source: Source
    let occurredAt: Date
    /// Given when it is queued.
    var eventID: Int64 = 0
    var subscriptionID: Int64 = 0
    var subscriptionType = ""

    /// The element as it is sent.
    func json(portalID: Int64, appID: Int64, attempt: Int) -> JSONValue {
        var object = details
        object["eventId"] = .integer(eventID)
        object["subscriptionId"] = .integer(subscriptionID)
        object["portalId"] = .integer(portalID)
        object["appId"] = .integer(appID)
        object["occurredAt"] = .integer(Timestamp.milliseconds(occurredAt))
        object["subscriptionType"] = .string(subscriptionType)
        object["attemptNumber"] = .integer(Int64(attempt))
        object["changeSource"] = .string(source.name)
        // The contract's examples of these two have none.
        if !["associationChange", "privacyDeletion"].contains(action) { object["sourceId"] = .string(source.id) }
        if let objectID { object["objectId"] = .integer(objectID) }
        if subscriptionType.hasPrefix("object.") { object["objectTypeId"] = .string(type.typeID) }
        if let property {
            object["propertyName"] = .string(property.name)
            object["propertyValue"] = .string(property.value)
        }
        return .object(object)
    }
}
