import Foundation
import JSON

/// The definition of one property.
struct HubSpotProperty: Sendable {
    let name: String
    var label: String
    var type: String
    var fieldType: String
    var groupName: String
    var description = ""
    /// The allowed values of an enumeration; labels are the values where none were given.
    var options: [(label: String, value: String)] = []
    var hasUniqueValue = false
    var isReadOnly = false
    var isHubSpotDefined = false
    var createdAt = Date(timeIntervalSince1970: 0)

    /// The definition as the properties API shows it.
    var json: JSONValue {
        let options = options.enumerated().map { place, option in
            JSONValue.object([
                "label": .string(option.label), "value": .string(option.value), "hidden": false,
                "displayOrder": .integer(Int64(place)),
            ])
        }
        return [
            "name": .string(name), "label": .string(label), "type": .string(type), "fieldType": .string(fieldType),
            "groupName": .string(groupName), "description": .string(description), "options": .array(options),
            "displayOrder": -1, "hasUniqueValue": .bool(hasUniqueValue), "hidden": false, "formField": false,
            "calculated": false, "externalOptions": false, "archived": false,
            "hubspotDefined": .bool(isHubSpotDefined), "dataSensitivity": "non_sensitive",
            "createdAt": .string(Timestamp.iso8601(createdAt)), "updatedAt": .string(Timestamp.iso8601(createdAt)),
            "modificationMetadata": [
                "archivable": .bool(!isHubSpotDefined), "readOnlyDefinition": .bool(isHubSpotDefined),
                "readOnlyValue": .bool(isReadOnly),
            ],
        ]
    }

    /// Reads a definition as it is posted.
    ///
    /// - Throws: ``MissingMember`` with the first member that it lacks.
    init(parsing body: JSONValue, now: Date) throws(MissingMember) {
        func text(_ key: String) throws(MissingMember) -> String {
            guard let value = body[key]?.string, !value.isEmpty else { throw MissingMember(name: key) }
            return value
        }
        name = try text("name")
        label = try text("label")
        type = try text("type")
        fieldType = try text("fieldType")
        groupName = try text("groupName")
        description = body["description"]?.string ?? ""
        hasUniqueValue = body["hasUniqueValue"]?.bool ?? false
        for option in body["options"]?.array ?? [] {
            guard let value = option["value"]?.string else { throw MissingMember(name: "options.value") }
            options.append((label: option["label"]?.string ?? value, value: value))
        }
        createdAt = now
    }

    /// A member that a posted definition lacks.
    struct MissingMember: Error {
        let name: String
    }

    /// Why a value is not allowed.
    struct InvalidValue: Error {
        /// HubSpot's code: `INVALID_OPTION`.
        let code: String
        let message: String
    }

    /// The value as it is kept: datetimes in ISO 8601 whatever they came in.
    func normalized(_ value: String) throws(InvalidValue) -> String {
        guard !value.isEmpty else { return "" }
        switch type {
        case "number":
            guard Double(value) != nil else {
                throw InvalidValue(code: "INVALID_LONG", message: "\(value) was not a valid number.")
            }
        case "bool":
            guard ["true", "false"].contains(value.lowercased()) else {
                throw InvalidValue(
                    code: "INVALID_OPTION", message: "\(value) was not one of the allowed options: [true, false]")
            }
            return value.lowercased()
        case "date", "datetime":
            guard let date = Timestamp.parse(value) else {
                throw InvalidValue(code: "INVALID_DATE", message: "\(value) was not a valid date.")
            }
            return type == "date" ? String(Timestamp.iso8601(date).prefix(10)) : Timestamp.iso8601(date)
        case "enumeration":
            let allowed = options.map(\.value)
            for choice in value.split(separator: ";") where !allowed.contains(String(choice)) {
                throw InvalidValue(
                    code: "INVALID_OPTION",
                    message: "\(choice) was not one of the allowed options: [\(allowed.joined(separator: ", "))]")
            }
        default:
            // The limit of text that is written in the CRM; the API's own is not published.
            guard value.utf16.count <= 65_536 else {
                throw InvalidValue(
                    code: "PROPERTY_TOO_LONG", message: "Property value is longer than 65536 characters.")
            }
            if name == "email", !Self.isAddress(value) {
                throw InvalidValue(code: "INVALID_EMAIL", message: "Email address \(value) is invalid")
            }
        }
        return value
    }

    /// A kept value as webhooks show it: datetimes in milliseconds.
    func webhookValue(_ value: String) -> String {
        guard ["date", "datetime"].contains(type), let date = Timestamp.parse(value) else { return value }
        return String(Timestamp.milliseconds(date))
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !text.contains(" ")
    }
}

extension HubSpotProperty {
    /// A property that every portal has.
    private init(
        standard name: String, _ type: String, _ fieldType: String, group: String, options: [String] = [],
        readOnly: Bool = false, unique: Bool = false
    ) {
        self.name = name
        label = name.replacing("_", with: " ").capitalized
        self.type = type
        self.fieldType = fieldType
        groupName = group
        self.options = options.map { (label: $0, value: $0) }
        isReadOnly = readOnly
        hasUniqueValue = unique
        isHubSpotDefined = true
    }

    /// The properties that a portal starts with: those of the contract, not HubSpot's hundreds.
    static func standard(_ type: HubSpotObjectType) -> [HubSpotProperty] {
        switch type {
        case .contact: contact
        case .deal: deal
        default: company
        }
    }

    private static func texts(_ names: [String], group: String) -> [HubSpotProperty] {
        names.map { HubSpotProperty(standard: $0, "string", "text", group: group) }
    }

    private static func system(_ modified: String, group: String) -> [HubSpotProperty] {
        [
            HubSpotProperty(standard: "hs_object_id", "number", "number", group: group, readOnly: true, unique: true),
            HubSpotProperty(standard: "createdate", "datetime", "date", group: group, readOnly: true),
            HubSpotProperty(standard: modified, "datetime", "date", group: group, readOnly: true),
        ]
    }

    private static let contact: [HubSpotProperty] = {
        let group = "contactinformation"
        let engagement = [
            "hs_sales_email_last_opened", "hs_sales_email_last_clicked", "hs_sales_email_last_replied",
            "hs_email_last_open_date", "hs_email_last_click_date", "hs_email_last_reply_date",
            "hs_email_last_send_date", "engagements_last_meeting_booked", "hs_latest_meeting_activity",
        ]
        return system("lastmodifieddate", group: group)
            + texts(
                [
                    "firstname", "lastname", "company", "jobtitle", "phone", "city", "country", "website", "industry",
                    "hs_email_hard_bounce_reason_enum",
                ], group: group)
            + [
                HubSpotProperty(standard: "email", "string", "text", group: group, unique: true),
                HubSpotProperty(standard: "hs_language", "string", "text", group: group),
                HubSpotProperty(standard: "hs_merged_object_ids", "string", "text", group: group, readOnly: true),
                HubSpotProperty(standard: "hs_email_bounce", "number", "number", group: group, readOnly: true),
                HubSpotProperty(
                    standard: "hs_legal_basis", "enumeration", "checkbox", group: group,
                    options: [
                        "Legitimate interest – prospect/lead", "Legitimate interest – existing customer",
                        "Legitimate interest - other", "Performance of a contract",
                        "Freely given consent from contact", "Not applicable",
                    ]),
                HubSpotProperty(
                    standard: "lifecyclestage", "enumeration", "radio", group: group,
                    options: [
                        "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer",
                        "evangelist", "other",
                    ]),
                HubSpotProperty(
                    standard: "hs_lead_status", "enumeration", "radio", group: group,
                    options: [
                        "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED",
                        "BAD_TIMING",
                    ]),
            ]
            + ["hs_email_optout", "hs_email_quarantined", "hs_email_is_ineligible"].map {
                HubSpotProperty(standard: $0, "bool", "booleancheckbox", group: group, options: ["true", "false"])
            }
            + engagement.map { HubSpotProperty(standard: $0, "datetime", "date", group: group, readOnly: true) }
    }()

    private static let deal: [HubSpotProperty] =
        system("hs_lastmodifieddate", group: "dealinformation")
        + texts(["dealname", "description", "pipeline", "dealstage"], group: "dealinformation")
        + [
            HubSpotProperty(standard: "amount", "number", "number", group: "dealinformation"),
            HubSpotProperty(standard: "closedate", "datetime", "date", group: "dealinformation"),
        ]
        + ["hs_is_closed", "hs_is_closed_won"].map {
            HubSpotProperty(
                standard: $0, "bool", "booleancheckbox", group: "dealinformation", options: ["true", "false"],
                readOnly: true)
        }

    private static let company: [HubSpotProperty] =
        system("hs_lastmodifieddate", group: "companyinformation")
        + texts(["name", "domain", "industry", "country", "city"], group: "companyinformation")
}
