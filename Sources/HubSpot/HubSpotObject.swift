/// HubSpot's object types, by the names that paths and classic subscriptions use.
enum HubSpotObject {
    /// The name of a type id in a generic `object.*` event: `0-1` is `contact`. An unknown id stands for itself.
    static func name(ofTypeID id: String) -> String { names[id] ?? id }

    private static let names = [
        "0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket", "0-136": "lead", "0-47": "meeting",
        "0-49": "email",
    ]
}
