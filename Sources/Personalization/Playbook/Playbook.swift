/// A tenant's rule: for these events and stages make this kind of content, by this scaffold, into this target.
///
/// `docs/playbooks.md` shows the format by example; `docs/schema/leadwright.schema.json` fixes it.
public struct Playbook: Sendable, Hashable {
    /// Its name, unique in its tenant.
    public var name: String
    /// The kind of content: `nurture_email`.
    public var content: String
    /// The language of the text, `en` or `es`; `nil` for the voice's.
    public var language: String?
    /// What sets it off.
    public var when: Trigger
    /// How its leads are divided; `nil` gives everyone the generated text.
    public var experiment: Experiment?
    /// How long after its event the message is worth sending.
    public var validFor: Validity
    /// For how many seconds a lead must be quiet before the message is made: several changes make one message. 0 makes
    /// it at once.
    public var quietPeriod: Int
    /// Where the connector writes: HubSpot's property prefix, Salesforce's object, Zapier's event name.
    public var target: String
    /// What the message is for; stands in the prompt.
    public var brief: String
    /// The lead fields that the model sees, in order. Nothing else about the lead reaches the prompt.
    public var reader: [String]
    /// Lead fields without which there is no message.
    public var required: [String]
    /// The facts of this playbook, beside the voice's.
    public var facts: [Fact]
    /// The parts of the message in the order of writing.
    public var scaffold: [ScaffoldPart]

    /// Creates a playbook.
    public init(
        name: String, content: String, language: String? = nil, when: Trigger, experiment: Experiment? = nil,
        validFor: Validity, quietPeriod: Int = 0, target: String, brief: String,
        reader: [String] = Self.usualReader, required: [String] = [], facts: [Fact] = [], scaffold: [ScaffoldPart]
    ) {
        self.name = name
        self.content = content
        self.language = language
        self.when = when
        self.experiment = experiment
        self.validFor = validFor
        self.quietPeriod = quietPeriod
        self.target = target
        self.brief = brief
        self.reader = reader
        self.required = required
        self.facts = facts
        self.scaffold = scaffold
    }

    /// What the model sees of a lead when a playbook does not say.
    public static let usualReader = ["first_name", "job_title", "company", "industry"]
}

/// One part of a message: the subject, the body.
public struct ScaffoldPart: Sendable, Hashable {
    /// The part's name, unique in its playbook; the target's field for it.
    public var part: String
    /// Its pieces, joined without anything between.
    public var pieces: [Piece]

    /// Creates a part.
    public init(part: String, pieces: [Piece]) {
        self.part = part
        self.pieces = pieces
    }
}

/// A playbook in the version in which it was applied.
public struct VersionedPlaybook: Sendable, Hashable {
    /// The playbook.
    public let playbook: Playbook
    /// Its version, from 1.
    public let version: Int

    /// Creates a version.
    public init(_ playbook: Playbook, version: Int) {
        self.playbook = playbook
        self.version = version
    }
}

extension Playbook: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, content, language, when, experiment, target, brief, reader, required, facts, scaffold
        case validFor = "valid_for"
        case quietPeriod = "quiet_period"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            content: try container.decode(String.self, forKey: .content),
            language: try container.decodeIfPresent(String.self, forKey: .language),
            when: try container.decode(Trigger.self, forKey: .when),
            experiment: try container.decodeIfPresent(Experiment.self, forKey: .experiment),
            validFor: try container.decode(Validity.self, forKey: .validFor),
            quietPeriod: try container.decodeIfPresent(Int.self, forKey: .quietPeriod) ?? 0,
            target: try container.decode(String.self, forKey: .target),
            brief: try container.decode(String.self, forKey: .brief),
            reader: try container.decodeIfPresent([String].self, forKey: .reader) ?? Self.usualReader,
            required: try container.decodeIfPresent([String].self, forKey: .required) ?? [],
            facts: try container.decodeIfPresent([Fact].self, forKey: .facts) ?? [],
            scaffold: try container.decode([ScaffoldPart].self, forKey: .scaffold))
    }
}

extension ScaffoldPart: StrictlyDecoded {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case part, pieces
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(CodingKeys.self)
        self.init(
            part: try container.decode(String.self, forKey: .part),
            pieces: try container.decode([Piece].self, forKey: .pieces))
    }
}
