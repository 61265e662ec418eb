import JSON
import LanguageModel

extension Command {
    /// `leadwright model tokenize`
    static let modelTokenize = Command(
        "model tokenize", "Show the tokens that the model reads for a text.",
        discussion: """
            Reads JSON Lines {"text": "Hi Tom,"} and writes {"ids": [26843, 8581, 28]} for each. The names of special
            tokens in a text are ordinary characters here, as they are in everything that comes from a CRM.
            """,
        options: [.modelFile]
    ) { arguments in
        let tokenizer = try Tokenizer(GGUFFile(path: arguments.value("--model")))
        try await JSONLines.answer { line in
            guard let text = line["text"]?.string else { throw CommandError.failed("\"text\" must be a string") }
            return .object(["ids": .array(tokenizer.encode(text, isBeginning: true).map { .integer(Int64($0)) })])
        }
    }
}
