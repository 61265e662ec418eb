package import JSON

/// A lead to create, by Leadwright's field names; `fields` holds what has no such name, by the system's own.
package struct NewLead: Codable, Sendable, Hashable {
    package var firstName: String?
    package var lastName: String?
    package var email: String?
    package var company: String?
    package var jobTitle: String?
    package var industry: String?
    package var country: String?
    package var language: String?
    /// The stage by the system's own name; its first one when absent.
    package var stage: String?
    /// `false` for a lead that has opted out already.
    package var consent: Bool?
    /// Further values by the system's own field names. Unknown fields are created as text.
    package var fields: [String: JSONValue]?

    enum CodingKeys: String, CodingKey {
        case email, company, industry, country, language, stage, consent, fields
        case firstName = "first_name"
        case lastName = "last_name"
        case jobTitle = "job_title"
    }

    /// The values that have one of Leadwright's names, by the system's name for each.
    func values(named names: [CodingKeys: String]) -> [String: String] {
        let values: [CodingKeys: String?] = [
            .firstName: firstName, .lastName: lastName, .email: email, .company: company, .jobTitle: jobTitle,
            .industry: industry, .country: country, .language: language, .stage: stage,
        ]
        var named: [String: String] = [:]
        for (key, name) in names {
            if let value = values[key] ?? nil, !value.isEmpty { named[name] = value }
        }
        return named
    }
}
