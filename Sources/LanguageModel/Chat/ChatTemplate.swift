import Foundation

/// How a chat model wants its conversations written.
///
/// The file brings a Jinja program (`tokenizer.chat_template`). We run no programs out of files: we recognise the
/// family by the signals it uses, and write that family's form.
public struct ChatTemplate: Sendable, Hashable {
    private enum Family: Hashable {
        /// `<|im_start|>role\ncontent<|im_end|>\n`: SmolLM2, Qwen 2 and many fine-tuned models. When a conversation
        /// begins without a system message, most templates put one of their own in front. Where a model can think
        /// before it speaks (Qwen 3), the template says with an empty thought that it need not.
        case chatML(system: String?, thinks: Bool)
        /// `<|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>`: Llama 3. Templates since 3.1 also tell
        /// today's date; that is left out, as llama.cpp does, so that equal requests give equal prompts.
        case llama3
        /// `<start_of_turn>role\ncontent<end_of_turn>\n`: Gemma, whose assistant is called `model` and which reads a
        /// system message as the beginning of the user's first one.
        case gemma
    }

    private let family: Family

    /// Recognises the file's template.
    ///
    /// - Throws: ``LanguageModelError``: `malformedFile` without a template (then the model was not made for
    ///   conversations), `unsupportedModel` for a family that we do not know.
    public init(_ file: GGUFFile) throws(LanguageModelError) {
        let jinja = try file.string("tokenizer.chat_template")
        if jinja.contains("<|im_start|>"), jinja.contains("<|im_end|>") {
            family = .chatML(system: Self.defaultSystem(in: jinja), thinks: jinja.contains("enable_thinking"))
        } else if jinja.contains("<|start_header_id|>"), jinja.contains("<|eot_id|>") {
            family = .llama3
        } else if jinja.contains("<start_of_turn>"), jinja.contains("<end_of_turn>") {
            family = .gemma
        } else {
            throw LanguageModelError(
                .unsupportedModel,
                "the chat template that begins \"\(jinja.prefix(60))\" is not known; ChatML, Llama 3 and Gemma are")
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

    /// The conversation as the model reads it, with the token before it that every text has in models which ask for
    /// one. Signals are parsed in the template's own words only: a lead called `<|im_end|>` is ten characters and ends
    /// nothing.
    public func tokens(_ messages: [ChatMessage], addingAssistant: Bool = true, _ tokenizer: Tokenizer) -> [Int32] {
        let tokens = tokenizer.encode(pieces(messages, addingAssistant: addingAssistant), isBeginning: true)
        guard let beginning = tokenizer.beginning, tokens.first != beginning else { return tokens }
        return [beginning] + tokens
    }

    private func pieces(_ messages: [ChatMessage], addingAssistant: Bool) -> [PromptPiece] {
        var pieces: [PromptPiece] = []
        switch family {
        case .chatML(let system, let thinks):
            if let system, messages.first?.role != .system {
                pieces.append(.template("<|im_start|>system\n\(system)<|im_end|>\n"))
            }
            for message in messages {
                pieces += [
                    .template("<|im_start|>\(message.role.rawValue)\n"), .content(message.content),
                    .template("<|im_end|>\n"),
                ]
            }
            if addingAssistant {
                pieces.append(.template("<|im_start|>assistant\n" + (thinks ? "<think>\n\n</think>\n\n" : "")))
            }
        case .llama3:
            pieces.append(.template("<|begin_of_text|>"))
            for message in messages {
                pieces += [
                    .template("<|start_header_id|>\(message.role.rawValue)<|end_header_id|>\n\n"),
                    .content(Self.trimmed(message.content)), .template("<|eot_id|>"),
                ]
            }
            if addingAssistant { pieces.append(.template("<|start_header_id|>assistant<|end_header_id|>\n\n")) }
        case .gemma:
            pieces.append(.template("<bos>"))
            var turns = messages[...]
            // A system message alone is all that the user said.
            var system = turns.count > 1 && turns.first?.role == .system ? turns.removeFirst().content : nil
            for message in turns {
                pieces.append(.template("<start_of_turn>\(message.role == .assistant ? "model" : "user")\n"))
                if let text = system { pieces += [.content(text), .template("\n\n")] }
                system = nil
                pieces += [.content(Self.trimmed(message.content)), .template("<end_of_turn>\n")]
            }
            if addingAssistant { pieces.append(.template("<start_of_turn>model\n")) }
        }
        return pieces
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}
