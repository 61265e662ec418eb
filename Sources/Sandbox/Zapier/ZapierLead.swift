import JSON

/// A person in the tools that the user's Zaps connect; Zapier itself keeps nobody.
struct ZapierLead: Sendable {
    let id: String
    /// What the Zaps post about the person: all text, as most of Zapier's values are.
    var values: [String: String]

    var email: String { values["email"] ?? "" }
}
