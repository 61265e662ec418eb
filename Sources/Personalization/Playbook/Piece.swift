/// One piece of a part of a message.
///
/// A piece whose condition does not hold is left out, or its `else` stands there. So does `else` when the lead lacks a
/// field that the piece names; without an `else` the whole message is then suppressed as incomplete.
public struct Piece: Sendable, Hashable {
    /// What stands there.
    public enum Content: Sendable, Hashable {
        /// Literal text.
        case text(Template)
        /// One of the tenant's approved wordings; the model ranks them.
        case choose(Choice)
        /// A short text of the model's own, checked.
        case write(Writing)
    }

    /// What stands there.
    public var content: Content
    /// When it stands there.
    public var when: Condition?
    /// What stands there otherwise.
    public var otherwise: Template?

    /// Creates a piece.
    public init(_ content: Content, when: Condition? = nil, otherwise: Template? = nil) {
        self.content = content
        self.when = when
        self.otherwise = otherwise
    }
}

/// A slot with approved wordings.
public struct Choice: Sendable, Hashable {
    /// The slot's name, unique in its playbook.
    public var name: String
    /// The wordings; the first is the tenant's default. Those whose condition fails, or whose field the lead lacks,
    /// are not on offer.
    public var variants: [Variant]

    /// Creates a slot.
    public init(name: String, variants: [Variant]) {
        self.name = name
        self.variants = variants
    }
}

/// One approved wording.
public struct Variant: Sendable, Hashable {
    /// The wording.
    public var text: Template
    /// When it is on offer.
    public var when: Condition?

    /// Creates a wording.
    public init(_ text: Template, when: Condition? = nil) {
        self.text = text
        self.when = when
    }
}

/// A slot that the model writes.
public struct Writing: Sendable, Hashable {
    /// What the slot holds.
    public enum Form: String, Sendable, Hashable, Codable, CaseIterable {
        /// Finished sentences.
        case sentence
        /// A heading or part of a sentence, which may shorten its fact: a subject line.
        case phrase
    }

    /// The slot's name, unique in its playbook.
    public var name: String
    /// What to write, in one sentence.
    public var instruction: String
    /// The fact that must be stated, unchanged.
    public var mustUse: String?
    /// Further facts that may be used.
    public var mayUse: [String]
    /// The words at most.
    public var maximumWords: Int
    /// The sentences at most.
    public var maximumSentences: Int
    /// Phrases that may not stand here, beside the brand's.
    public var forbidden: [String]
    /// How often the model may try.
    public var attempts: Int
    /// What the slot holds.
    public var form: Form
    /// The words that the text begins with, if any. The model goes on from there; a small one that has read the first
    /// words of a fact is far likelier to state it.
    public var opening: Template?
    /// The tenant's own wording, for when no attempt passes.
    public var fallback: Template

    /// Creates a slot.
    public init(
        name: String, instruction: String, mustUse: String? = nil, mayUse: [String] = [], maximumWords: Int,
        maximumSentences: Int = 1, forbidden: [String] = [], attempts: Int = 2, form: Form = .sentence,
        opening: Template? = nil, fallback: Template
    ) {
        self.name = name
        self.instruction = instruction
        self.mustUse = mustUse
        self.mayUse = mayUse
        self.maximumWords = maximumWords
        self.maximumSentences = maximumSentences
        self.forbidden = forbidden
        self.attempts = attempts
        self.form = form
        self.opening = opening
        self.fallback = fallback
    }
}
