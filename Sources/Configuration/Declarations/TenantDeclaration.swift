public import Personalization

/// A tenant as declared: who it is and how it speaks.
public struct TenantDeclaration: Sendable, Hashable {
    /// Its name in the installation: small letters, digits and hyphens.
    public var name: String
    /// Its name for people.
    public var title: String
    /// Its share of the workers beside other tenants with work to do, from 1 to 1000.
    public var weight: Int
    /// Its voices.
    public var voices: BrandVoices

    /// Creates a declaration.
    public init(name: String, title: String, weight: Int = 1, voices: BrandVoices) {
        self.name = name
        self.title = title
        self.weight = weight
        self.voices = voices
    }

    /// What is wrong with it.
    var problems: [DeclarationProblem] {
        var problems = Declaration.nameProblems(name)
        if title.isEmpty { problems.append(.init("title", "is empty")) }
        if !(1...1_000).contains(weight) { problems.append(.init("weight", "must be from 1 to 1000")) }
        if let division = voices.byField, division.values.isEmpty {
            problems.append(.init("voices.values", "needs at least one voice"))
        }
        for voice in voices.all where Language(rawValue: voice.language) == nil {
            problems.append(
                .init("voice.language", "\"\(voice.language)\" of \(voice.name) cannot be checked; use en or es"))
        }
        return problems
    }
}

extension TenantDeclaration: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, title, weight, voice, voices
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            title: try container.decode(String.self, forKey: .title),
            weight: try container.decodeIfPresent(Int.self, forKey: .weight) ?? 1,
            voices: BrandVoices(
                tenant: try container.decode(BrandVoice.self, forKey: .voice),
                byField: try container.decodeIfPresent(BrandVoices.ByField.self, forKey: .voices)))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(title, forKey: .title)
        try container.encode(weight, forKey: .weight)
        try container.encode(voices.tenant, forKey: .voice)
        try container.encodeIfPresent(voices.byField, forKey: .voices)
    }
}
