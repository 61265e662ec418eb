/// A finished text, with all that is needed to explain it.
public struct GenerationOutput: Sendable {
    /// The text of each segment, in order; joined, they are the whole text.
    public let segmentTexts: [String]
    /// What happened in each slot, in order.
    public let slots: [SlotResult]
    /// The prompt exactly as the model read it, before the first segment.
    public let prompt: String
    /// The tokens of prompt and literals.
    public let promptTokens: Int
    /// How many of them were already in the cache.
    public let cachedTokens: Int
    /// The tokens that the model wrote, failed attempts included.
    public let generatedTokens: Int
    /// The digest of the adapter that wrote it; `nil` for the model alone.
    public let adapterSHA256: String?

    /// Creates an output.
    public init(
        segmentTexts: [String], slots: [SlotResult], prompt: String, promptTokens: Int, cachedTokens: Int,
        generatedTokens: Int, adapterSHA256: String? = nil
    ) {
        self.segmentTexts = segmentTexts
        self.slots = slots
        self.prompt = prompt
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.generatedTokens = generatedTokens
        self.adapterSHA256 = adapterSHA256
    }

    /// The whole text.
    public var text: String { segmentTexts.joined() }
}

/// What happened in one slot.
public struct SlotResult: Sendable, Hashable, Codable {
    /// How the slot is filled.
    public enum Mode: String, Sendable, Hashable, Codable {
        case choose, write
    }

    /// Whose text stands there.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// The model's first text, or its choice.
        case stood
        /// A later attempt of the model.
        case rewritten
        /// The tenant's default.
        case fallback
    }

    /// The slot's name.
    public let name: String
    /// How the slot is filled.
    public let mode: Mode
    /// Whose text stands there.
    public let outcome: Outcome
    /// The text that stands there.
    public let text: String
    /// How many texts the model wrote for it; 1 for a choice.
    public let attempts: Int
    /// Why each refused attempt was refused, in order.
    public let reasons: [String]
    /// The mean log-probability a token of the text that stands (for a choice: the winning score), if the model made it.
    public let score: Double?

    /// Creates a result.
    public init(
        name: String, mode: Mode, outcome: Outcome, text: String, attempts: Int, reasons: [String], score: Double?
    ) {
        self.name = name
        self.mode = mode
        self.outcome = outcome
        self.text = text
        self.attempts = attempts
        self.reasons = reasons
        self.score = score
    }
}
