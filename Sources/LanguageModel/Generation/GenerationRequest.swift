/// One text to be made: the prompt that leads to it, and the scaffold it stands on.
public struct GenerationRequest: Sendable {
    /// The conversation before the text; its beginning is shared by the requests of a tenant and computed once.
    public var messages: [ChatMessage]
    /// The same conversation about nobody in particular. What a variant scores here is its prior, which a `choose`
    /// slot takes out, so that the wording every reader would get does not always win.
    public var neutralMessages: [ChatMessage]
    /// The text's segments in order.
    public var segments: [Segment]
    /// Decides every random choice.
    public var seed: UInt64
    /// How `write` slots are sampled.
    public var sampling: Sampling
    /// Whose text it is. What was computed for one tenant's prompts is never found by another's. Empty for nobody.
    public var tenant: String
    /// The name of the adapter that writes it; `nil` for the model alone.
    public var adapter: String?
    /// When it must be finished; afterwards nobody needs it.
    public var deadline: ContinuousClock.Instant?

    /// Creates a request.
    public init(
        messages: [ChatMessage], neutralMessages: [ChatMessage], segments: [Segment], seed: UInt64,
        sampling: Sampling = Sampling(), tenant: String = "", adapter: String? = nil,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.messages = messages
        self.neutralMessages = neutralMessages
        self.segments = segments
        self.seed = seed
        self.sampling = sampling
        self.tenant = tenant
        self.adapter = adapter
        self.deadline = deadline
    }
}

/// One message of a conversation.
public struct ChatMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable {
        case system, user, assistant
    }

    /// Who speaks.
    public let role: Role
    /// What is said.
    public let content: String

    /// Creates a message.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

/// A piece of the text.
public enum Segment: Sendable {
    /// Stands as it is; the model reads it and never writes it.
    case literal(String)
    /// The model ranks approved variants.
    case choose(ChooseSlot)
    /// The model writes, and is checked.
    case write(WriteSlot)
}

/// A slot that the model fills with one of the tenant's approved variants.
///
/// The variant's score is its mean log-probability a token after the text so far, less `neutralMessages`' mean
/// log-probability of it after `neutralPrefix`. The highest score wins, the earlier variant on a tie.
public struct ChooseSlot: Sendable {
    /// The slot's name, unique in its scaffold.
    public let name: String
    /// The approved variants; at least one.
    public let variants: [String]
    /// The text before the slot as it would stand for nobody in particular; equal for all leads of a playbook, so
    /// that the priors are computed once.
    public let neutralPrefix: String

    /// Creates a slot.
    public init(name: String, variants: [String], neutralPrefix: String) {
        self.name = name
        self.variants = variants
        self.neutralPrefix = neutralPrefix
    }
}

/// A slot that the model writes.
public struct WriteSlot: Sendable {
    /// The slot's name, unique in its scaffold.
    public let name: String
    /// The words at most; writing stops at the last finished sentence within.
    public let maximumWords: Int
    /// The sentences at most.
    public let maximumSentences: Int
    /// Texts that end the slot; they are not part of it. A line break always ends it.
    public let stops: [String]
    /// How often the model may try, each time with another seed.
    public let attempts: Int
    /// What stands there when no attempt passes: the tenant's own wording.
    public let fallback: String
    /// Decides whether a text may stand. Pure: the same text has the same verdict.
    public let check: @Sendable (String) -> SlotVerdict

    /// Creates a slot.
    public init(
        name: String, maximumWords: Int, maximumSentences: Int = 1, stops: [String] = [], attempts: Int = 2,
        fallback: String, check: @escaping @Sendable (String) -> SlotVerdict
    ) {
        self.name = name
        self.maximumWords = maximumWords
        self.maximumSentences = maximumSentences
        self.stops = stops
        self.attempts = attempts
        self.fallback = fallback
        self.check = check
    }
}

/// Whether a written text may stand.
public enum SlotVerdict: Sendable, Hashable {
    case stands
    /// The text breaks a rule; the reason is kept with the generation: `number 40 is in no input`.
    case fails(String)
}
