/// A type of record that the portal keeps.
struct HubSpotObjectType: Hashable, Sendable {
    /// In paths: `contacts`.
    let plural: String
    /// In event names: `contact`.
    let singular: String
    /// `0-1`.
    let typeID: String

    static let contact = HubSpotObjectType(plural: "contacts", singular: "contact", typeID: "0-1")
    static let company = HubSpotObjectType(plural: "companies", singular: "company", typeID: "0-2")
    static let deal = HubSpotObjectType(plural: "deals", singular: "deal", typeID: "0-3")
    static let all = [contact, company, deal]

    /// The type by any of the names that HubSpot's paths allow.
    static func named(_ name: String) -> HubSpotObjectType? {
        all.first { [$0.plural, $0.singular, $0.typeID].contains(name.lowercased()) }
    }

    /// The properties that a reader gets who names none.
    var defaultProperties: [String] {
        switch self {
        case .contact: ["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"]
        case .deal:
            [
                "amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
                "pipeline",
            ]
        default: ["createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"]
        }
    }

    /// The property that holds when a record was last changed.
    var modifiedProperty: String { self == .contact ? "lastmodifieddate" : "hs_lastmodifieddate" }

    /// The number of HubSpot's own association from this type to another.
    func associationTypeID(to other: HubSpotObjectType) -> Int64 {
        switch (singular, other.singular) {
        case ("contact", "deal"): 4
        case ("deal", "contact"): 3
        case ("contact", "company"): 279
        case ("company", "contact"): 280
        case ("deal", "company"): 341
        case ("company", "deal"): 342
        default: 449
        }
    }

    /// `CONTACT_TO_DEAL`.
    func associationName(to other: HubSpotObjectType) -> String {
        "\(singular.uppercased())_TO_\(other.singular.uppercased())"
    }
}
