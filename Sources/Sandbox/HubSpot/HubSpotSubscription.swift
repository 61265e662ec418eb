/// What a HubSpot app is told about. A property-change subscription names one property.
package struct HubSpotSubscription: Codable, Sendable, Hashable {
    /// `contact.creation`, `contact.propertyChange`, `object.creation`.
    package var eventType: String
    /// The property, for the property-change types.
    package var propertyName: String?
    /// The type of record, for the generic `object.*` types: `0-1`.
    package var objectTypeId: String?
    /// Whether it is switched on.
    package var active: Bool

    package init(_ eventType: String, _ propertyName: String? = nil, objectTypeId: String? = nil, active: Bool = true) {
        self.eventType = eventType
        self.propertyName = propertyName
        self.objectTypeId = objectTypeId
        self.active = active
    }

    /// What Leadwright subscribes to.
    package static let recommended: [HubSpotSubscription] =
        [
            "contact.creation", "contact.deletion", "contact.privacyDeletion", "contact.merge",
            "contact.associationChange", "deal.creation",
        ].map { HubSpotSubscription($0) }
        + [
            "lifecyclestage", "hs_lead_status", "hs_email_optout", "hs_sales_email_last_opened",
            "hs_sales_email_last_clicked", "hs_sales_email_last_replied", "engagements_last_meeting_booked",
        ].map { HubSpotSubscription("contact.propertyChange", $0) }
        + [HubSpotSubscription("deal.propertyChange", "dealstage")]

    /// Whether it asks for an event of this kind.
    func matches(_ event: HubSpotEvent) -> Bool {
        guard active, propertyName == nil || propertyName == event.property?.name else { return false }
        if eventType == "\(event.type.singular).\(event.action)" { return true }
        return eventType == "object.\(event.action)" && objectTypeId == event.type.typeID
    }
}
