import CRM
import Foundation

/// What a change of one contact property means.
enum HubSpotProperty {
    /// The kind of event, and when it happened if the value itself says so: engagement properties hold the time.
    static func meaning(of name: String, value: String) -> (kind: EventKind, time: Date?) {
        if name == "hs_email_optout" {
            // Cleared again is no new consent: that is for a person to check.
            return (Bool(wire: value) == true ? .unsubscribed : .leadUpdated, nil)
        }
        if stages.contains(name) { return (.stageChanged, nil) }
        if bounces.contains(name) { return (value.isEmpty || value == "0" ? .leadUpdated : .emailBounced, nil) }
        guard let kind = engagements[name], !value.isEmpty else { return (.leadUpdated, nil) }
        return (kind, Date(wire: value))
    }

    /// Where a contact stands.
    private static let stages: Set = ["lifecyclestage", "hs_lead_status"]
    /// A count, and a reason.
    private static let bounces: Set = ["hs_email_bounce", "hs_email_hard_bounce_reason_enum"]
    /// Times of the latest engagement; HubSpot has no webhooks of their own for these.
    private static let engagements: [String: EventKind] = [
        "hs_sales_email_last_opened": .emailOpened, "hs_email_last_open_date": .emailOpened,
        "hs_sales_email_last_clicked": .emailClicked, "hs_email_last_click_date": .emailClicked,
        "hs_sales_email_last_replied": .emailReplied, "hs_email_last_reply_date": .emailReplied,
        "engagements_last_meeting_booked": .meetingBooked,
    ]
}
