import CRM
import Foundation
import JSON

/// A contact as the object API shows it, read as a lead.
struct HubSpotContact {
    let id: String
    /// Values by property name; a property that was asked for and is empty is there with an empty text.
    let properties: [String: String]

    /// Reads one element of `results`.
    init?(_ object: JSONValue) {
        guard let id = object["id"]?.identifier, let properties = object["properties"]?.object else { return nil }
        self.id = id
        self.properties = properties.mapValues { $0.scalarText ?? "" }
    }

    /// The properties to ask for.
    static func properties(for connection: ConnectionSettings) -> [String] {
        let names = Set(fieldNames(connection).values).union(objections.map(\.property))
            .union(["lifecyclestage", "hs_email_optout", "hs_legal_basis", "hs_merged_object_ids"])
        return names.sorted()
    }

    /// Whether this contact is what became of another one.
    func hasAbsorbed(_ other: String) -> Bool {
        (properties["hs_merged_object_ids"] ?? "").split(separator: ";").contains { $0 == other }
    }

    /// The lead's record.
    func record(_ identity: LeadIdentity, connection: ConnectionSettings) -> LeadRecord {
        let native = properties["lifecyclestage"].flatMap { $0.isEmpty ? nil : $0 }
        return LeadRecord(
            identity: identity,
            fields: Self.fieldNames(connection).compactMapValues { properties[$0] }.filter { !$0.value.isEmpty },
            stage: native.flatMap(connection.stage(native:)), nativeStage: native,
            consent: consent(requiresLegalBasis: connection.options["consent"] == "legal_basis"))
    }

    /// Whether the contact may be written to (section "Consent and engagement" of HubSpot's property lists).
    private func consent(requiresLegalBasis: Bool) -> Consent {
        guard let optOut = properties["hs_email_optout"] else {
            return .unknown("the app cannot read hs_email_optout; check its scopes")
        }
        if Bool(wire: optOut) == true { return .refused("hs_email_optout") }
        for (property, isObjection) in Self.objections where isObjection(properties[property] ?? "") {
            return .refused(property)
        }
        if requiresLegalBasis, (properties["hs_legal_basis"] ?? "").isEmpty {
            return .unknown("hs_legal_basis is empty; record the contact's legal basis in HubSpot")
        }
        return .granted
    }

    /// What else speaks against writing: an address that bounced, that HubSpot holds back, or that it does not send to.
    private static let objections: [(property: String, isObjection: @Sendable (String) -> Bool)] = [
        ("hs_email_bounce", { (Double($0) ?? 0) > 0 }),
        ("hs_email_quarantined", { Bool(wire: $0) == true }),
        ("hs_email_is_ineligible", { Bool(wire: $0) == true }),
    ]

    private static func fieldNames(_ connection: ConnectionSettings) -> [String: String] {
        [
            "first_name": "firstname", "last_name": "lastname", "email": "email", "company": "company",
            "job_title": "jobtitle", "industry": "industry", "country": "country", "language": "hs_language",
        ].merging(connection.fields) { $1 }
    }
}
