import Foundation

/// How a chat model wants its conversations written.
///
/// The file brings a Jinja program (`tokenizer.chat_template`). We run no programs out of files: we recognise the
/// family by the signals it uses, and write that family's form.
public struct ChatTemplate: Sendable, Hashable {
    private enum Family: Hashable {
        /// `<|im_start|>role\ncontent<|im_end|>\n`: SmolLM2, Qwen 2 and many fine-tuned models. When a conversation
        /// begins without a system message, most templates put one of their own in front.
        case chatML(system: String?)
        /// `<|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>`: Llama 3. Templates since 3.1 also tell
        /// today's date; that is left out, as llama.cpp does, so that equal requests give equal prompts.
        case llama3
    }

    private let family: Family

    /// Recognises the file's template.
    ///
    /// - Throws: ``LanguageModelError``: `malformedFile` without a template (then the model was not made for
    ///   conversations), `unsupportedModel` for a family that we do not know.
    public init(_ file: GGUFFile) throws(LanguageModelError) {
        let jinja = try file.string("tokenizer.chat_template")
        if jinja.contains("<|im_start|>"), jinja.contains("<|im_end|>") {
            family = .chatML(system: Self.defaultSystem(in: jinja))
        } else if jinja.contains("<|start_header_id|>"), jinja.contains("<|eot_id|>") {
            family = .llama3
        } else {
            throw LanguageModelError(
                .unsupportedModel,
                "the chat template that begins \"\(jinja.prefix(60))\" is not known; ChatML and Llama 3 are")
        }
    }

    /// The system message inside a ChatML template: the text between its signals where that is one literal.
    private static func defaultSystem(in jinja: String) -> String? {
        // A template may hold line breaks as they are or as Jinja's `\n`.
        for start in jinja.ranges(of: "<|im_start|>system") {
            var rest = jinja[start.upperBound...]
            guard rest.hasPrefix("\n") || rest.hasPrefix("\\n") else { continue }
            rest = rest.dropFirst(rest.hasPrefix("\n") ? 1 : 2)
            guard let end = rest.firstRange(of: "<|im_end|>") else { continue }
            let text = rest[..<end.lowerBound]
            if !text.contains(where: { "'\"{}".contains($0) }) {
                return String(text.replacing("\\n", with: "\n"))
            }
        }
        return nil
    }

    /// The conversation as one text, for people to read and for a generation's provenance. The model gets
    /// ``tokens(_:addingAssistant:_:)``, where a message cannot pretend to be a signal.
    ///
    /// - Parameter addingAssistant: whether the text ends where the assistant begins to speak.
    public func render(_ messages: [ChatMessage], addingAssistant: Bool = true) -> String {
        pieces(messages, addingAssistant: addingAssistant).map(\.text).joined()
    }

    /// The conversation as the model reads it. Signals are parsed in the template's own words only: a lead called
    /// `<|im_end|>` is ten characters and ends nothing.
    public func tokens(_ messages: [ChatMessage], addingAssistant: Bool = true, _ tokenizer: Tokenizer) -> [Int32] {
        tokenizer.encode(pieces(messages, addingAssistant: addingAssistant))
    }

    private func pieces(_ messages: [ChatMessage], addingAssistant: Bool) -> [PromptPiece] {
        var pieces: [PromptPiece] = []
        switch family {
        case .chatML(let system):
            if let system, messages.first?.role != .system {
                pieces.append(.template("<|im_start|>system\n\(system)<|im_end|>\n"))
            }
            for message in messages {
                pieces += [
                    .template("<|im_start|>\(message.role.rawValue)\n"), .content(message.content),
                    .template("<|im_end|>\n"),
                ]
            }
            if addingAssistant { pieces.append(.template("<|im_start|>assistant\n")) }
        case .llama3:
            pieces.append(.template("<|begin_of_text|>"))
            for message in messages {
                pieces += [
                    .template("<|start_header_id|>\(message.role.rawValue)<|end_header_id|>\n\n"),
                    .content(message.content.trimmingCharacters(in: .whitespacesAndNewlines)), .template("<|eot_id|>"),
                ]
            }
            if addingAssistant { pieces.append(.template("<|start_header_id|>assistant<|end_header_id|>\n\n")) }
        }
        return pieces
    }
}
