/// A part of a prompt, and whether it may hold the model's signals.
struct PromptPiece: Sendable, Hashable {
    /// The text.
    let text: String
    /// Whether `<|im_end|>` in it ends a turn: true for a template's own words, false for everything that anybody
    /// else wrote.
    let isTemplate: Bool

    static func template(_ text: String) -> PromptPiece { PromptPiece(text: text, isTemplate: true) }
    static func content(_ text: String) -> PromptPiece { PromptPiece(text: text, isTemplate: false) }
}
