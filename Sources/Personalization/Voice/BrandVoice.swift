public import CRM

/// How a brand speaks, and what is true of it.
public struct BrandVoice: Sendable, Hashable {
    /// The brand's name as readers know it.
    public var name: String
    /// The language it writes, `en` or `es`.
    public var language: String
    /// The rules of the voice, a sentence each.
    public var rules: [String]
    /// Phrases that may stand in no text; `!` is a common one.
    public var bannedPhrases: [String]
    /// What stands under a message.
    public var signature: String
    /// The call to action for each stage.
    public var cta: [FunnelStage: String]
    /// What each stage means for this brand.
    public var stages: [FunnelStage: String]
    /// What every playbook of the brand may state.
    public var facts: [Fact]

    /// Creates a voice.
    public init(
        name: String, language: String, rules: [String], bannedPhrases: [String] = [], signature: String,
        cta: [FunnelStage: String] = [:], stages: [FunnelStage: String] = [:], facts: [Fact] = []
    ) {
        self.name = name
        self.language = language
        self.rules = rules
        self.bannedPhrases = bannedPhrases
        self.signature = signature
        self.cta = cta
        self.stages = stages
        self.facts = facts
    }
}

extension BrandVoice: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, language, rules, signature, cta, stages, facts
        case bannedPhrases = "banned_phrases"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            language: try container.decode(String.self, forKey: .language),
            rules: try container.decode([String].self, forKey: .rules),
            bannedPhrases: try container.decodeIfPresent([String].self, forKey: .bannedPhrases) ?? [],
            signature: try container.decode(String.self, forKey: .signature),
            cta: try container.decodeIfPresent([FunnelStage: String].self, forKey: .cta) ?? [:],
            stages: try container.decodeIfPresent([FunnelStage: String].self, forKey: .stages) ?? [:],
            facts: try container.decodeIfPresent([Fact].self, forKey: .facts) ?? [])
    }
}
