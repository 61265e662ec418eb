package import Foundation
import JSON

/// What people and HubSpot itself do in the portal, on an administrator's word.
extension HubSpotPortal {
    private static let leadFields: [NewLead.CodingKeys: String] = [
        .firstName: "firstname", .lastName: "lastname", .email: "email", .company: "company", .jobTitle: "jobtitle",
        .industry: "industry", .country: "country", .language: "hs_language", .stage: "lifecyclestage",
    ]

    package mutating func create(_ lead: NewLead, now: Date) throws(Refusal) -> String {
        var values = lead.values(named: Self.leadFields).mapValues(JSONValue.string)
        if lead.consent == false { values["hs_email_optout"] = "true" }
        for (name, value) in lead.fields ?? [:] {
            values[name] = value
            if tables[.contact]?.properties[name] == nil { defineText(name, now: now) }
        }
        do {
            let checked = try checked(values, of: .contact, allowReadOnly: true)
            return String(try insert(checked, as: .contact, source: .person, now: now).id)
        } catch {
            throw whole(error)
        }
    }

    package mutating func changeStage(of id: String, to stage: String, now: Date) throws(Refusal) {
        try set(["lifecyclestage": stage], of: id, source: .person, now: now)
    }

    package mutating func optOut(_ id: String, now: Date) throws(Refusal) {
        try set(["hs_email_optout": "true"], of: id, source: .unsubscribeLink, now: now)
    }

    package mutating func apply(_ reaction: Reaction, to id: String, now: Date) throws(Refusal) {
        let time = Timestamp.iso8601(now)
        for (happened, property, source) in [
            (reaction.opened, "hs_sales_email_last_opened", HubSpotEvent.Source.tracking),
            (reaction.clicked, "hs_sales_email_last_clicked", .tracking),
            (reaction.replied, "hs_sales_email_last_replied", .tracking),
            (reaction.meeting, "engagements_last_meeting_booked", .meetings),
        ] where happened {
            try set([property: time], of: id, source: source, now: now)
        }
        if reaction.won { try win(id, now: now) }
        if reaction.optedOut { try optOut(id, now: now) }
    }

    package var contents: [LeadContent] {
        guard let table = tables[.contact] else { return [] }
        return table.ids.compactMap { table.records[$0] }.filter { $0.archivedAt == nil }.map { record in
            let written = record.properties.filter { record.writtenByIntegration.contains($0.key) }
            return LeadContent(
                id: String(record.id), email: record.properties["email"] ?? "",
                stage: record.properties["lifecyclestage"] ?? "", content: written.mapValues(JSONValue.string))
        }
    }

    /// A deal is made for the contact and won.
    private mutating func win(_ id: String, now: Date) throws(Refusal) {
        guard let contact = find(id, by: nil, in: .contact) else { throw unknownLead(id) }
        do {
            let deal = try insert(
                [
                    "dealname": "Deal with \(contact.properties["company"] ?? "contact \(id)")", "pipeline": "default",
                    "dealstage": "appointmentscheduled", "amount": "1000",
                ], as: .deal, source: .person, now: now)
            link(.contact, contact.id, .deal, deal.id, source: .person, now: now)
            _ = try update(deal, of: .deal, to: ["dealstage": "closedwon"], source: .person, now: now)
        } catch {
            throw whole(error)
        }
    }

    private mutating func set(_ values: [String: String], of id: String, source: HubSpotEvent.Source, now: Date)
        throws(Refusal)
    {
        guard let record = find(id, by: nil, in: .contact) else { throw unknownLead(id) }
        do {
            let values = try checked(values.mapValues(JSONValue.string), of: .contact, allowReadOnly: true)
            _ = try update(record, of: .contact, to: values, source: source, now: now)
        } catch {
            throw whole(error)
        }
    }

    private func unknownLead(_ id: String) -> Refusal { .administration(404, "no lead \(id)") }

    private mutating func defineText(_ name: String, now: Date) {
        let body: JSONValue = [
            "name": .string(name), "label": .string(name), "type": "string", "fieldType": "text",
            "groupName": "contactinformation",
        ]
        tables[.contact]?.properties[name] = try? HubSpotProperty(parsing: body, now: now)
    }
}
