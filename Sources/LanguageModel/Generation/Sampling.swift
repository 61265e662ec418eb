/// How the next token is drawn. The defaults keep a small model close to its likeliest words.
public struct Sampling: Sendable, Hashable, Codable {
    /// 0 takes the likeliest token.
    public var temperature: Float
    /// Only the k likeliest tokens are drawn from; 0 for all.
    public var topK: Int
    /// Only the likeliest tokens that together reach this probability are drawn from.
    public var topP: Float
    /// Only tokens that have at least this part of the likeliest one's probability are drawn from; 0 for all. Taken
    /// after the temperature, as top-p.
    public var minP: Float
    /// A token that is among the last ones has its logit divided by this where it is positive and multiplied where it
    /// is not (llama.cpp's `repeat_penalty`); 1 changes nothing.
    public var repetitionPenalty: Float
    /// How many tokens back the penalty looks, prompt and literals included.
    public var penaltyWindow: Int

    /// Creates a setting.
    public init(
        temperature: Float = 0.6, topK: Int = 40, topP: Float = 0.9, minP: Float = 0, repetitionPenalty: Float = 1,
        penaltyWindow: Int = 64
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.penaltyWindow = penaltyWindow
    }

    /// A field that is missing has its default.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let defaults = Sampling()
        temperature = try fields.decodeIfPresent(Float.self, forKey: .temperature) ?? defaults.temperature
        topK = try fields.decodeIfPresent(Int.self, forKey: .topK) ?? defaults.topK
        topP = try fields.decodeIfPresent(Float.self, forKey: .topP) ?? defaults.topP
        minP = try fields.decodeIfPresent(Float.self, forKey: .minP) ?? defaults.minP
        repetitionPenalty =
            try fields.decodeIfPresent(Float.self, forKey: .repetitionPenalty) ?? defaults.repetitionPenalty
        penaltyWindow = try fields.decodeIfPresent(Int.self, forKey: .penaltyWindow) ?? defaults.penaltyWindow
    }

    /// Refuses what no distribution can be made from.
    ///
    /// - Throws: `invalidRequest`, naming the field.
    package func validate() throws(LanguageModelError) {
        try Self.check("temperature", temperature, in: 0...100)
        try Self.check("topK", topK, in: 0...1 << 24)
        try Self.check("topP", topP, in: 0...1)
        try Self.check("minP", minP, in: 0...1)
        try Self.check("repetitionPenalty", repetitionPenalty, in: 1...100)
        try Self.check("penaltyWindow", penaltyWindow, in: 0...1 << 20)
    }

    private static func check<Number: Comparable>(
        _ name: String, _ value: Number, in range: ClosedRange<Number>
    ) throws(LanguageModelError) {
        guard range.contains(value) else {
            throw LanguageModelError(
                .invalidRequest, "\(name) is \(value); set it to \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
