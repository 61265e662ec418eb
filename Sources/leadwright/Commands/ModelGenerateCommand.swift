import Foundation
import JSON
import LanguageModel

extension Command {
    /// `leadwright model generate`
    static let modelGenerate = Command(
        "model generate", "Let the model answer a prompt.",
        discussion: """
            Writes the prompt in the model's own form of a conversation and samples until the model ends its turn or
            --max-tokens are used up. The same file, prompt and seed give the same text. A server is asked for one
            paragraph of at most three words for every four tokens, as the product asks it; its text may differ each
            time, and "tokens" are those that it says it used.
            """,
        options: [
            .model,
            Option("--prompt", "TEXT", "What the user says.", required: true),
            Option("--system", "TEXT", "What the model is told before; the model's own default unless given."),
            Option("--seed", "N", "Decides every random choice; 0 unless given."),
            Option("--max-tokens", "N", "Tokens at most; 256 unless given."),
            Option("--adapter", "PATH", "A LoRA adapter to write with: a GGUF file or a PEFT directory."),
            Option("--schema", "FILE", "A JSON schema: the answer is one document that satisfies it."),
            Option("--stream", nil, "Print the text as it is written."),
            .modelThreads,
            .json,
        ]
    ) { arguments in
        let seed = try arguments.number("--seed", default: UInt64(0))
        let maximumTokens = try arguments.count("--max-tokens", default: 256)
        let messages =
            [
                arguments["--system"].map { ChatMessage(.system, $0) },
                ChatMessage(.user, try arguments.value("--prompt")),
            ]
            .compactMap(\.self)
        let model = try await loadLanguageModel(arguments.value("--model"), threads: arguments.modelThreads())
        let clock = ContinuousClock()
        let start = clock.now
        let text: String
        let tokens: Int
        let isStreamed = arguments.has("--stream") && !arguments.has("--json")
        if let model = model as? LocalModel {
            if let path = arguments["--adapter"] { try model.load(adapter: path, path: path) }
            let completion =
                if let grammar = try arguments.grammar() {
                    try await model.document(
                        messages, grammar: grammar, maximumTokens: maximumTokens, seed: seed,
                        adapter: arguments["--adapter"])
                } else {
                    try await model.complete(
                        messages, maximumTokens: maximumTokens, seed: seed, adapter: arguments["--adapter"],
                        stream: { if isStreamed { FileHandle.standardOutput.write(Data($0.utf8)) } })
                }
            (text, tokens) = (completion.text, completion.tokens.count)
            if isStreamed, arguments["--schema"] == nil { return Leadwright.announce("") }
        } else {
            for option in ["--adapter", "--schema"] where arguments[option] != nil {
                throw CommandError.usage("\(option) needs a model file; a server has its own way")
            }
            let output = try await model.generate(
                .oneParagraph(messages, maximumWords: max(1, maximumTokens * 3 / 4), seed: seed))
            (text, tokens) = (output.text, output.generatedTokens)
        }
        guard arguments.has("--json") else { return Leadwright.announce(text) }
        let result: JSONValue = .object([
            "text": .string(text), "tokens": .integer(Int64(tokens)),
            "seconds": .number((clock.now - start) / .seconds(1)),
            "model_sha256": .string(model.identity.sha256), "seed": JSONValue(seed),
        ])
        Leadwright.announce(result.canonicalText)
    }
}

extension Arguments {
    /// The compiled schema of --schema.
    fileprivate func grammar() throws -> JSONSchemaGrammar? {
        guard let path = self["--schema"] else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandError.failed("\(path) cannot be read as a file of text")
        }
        guard let schema = try? JSONValue(parsing: text) else { throw CommandError.failed("\(path) is not JSON") }
        return try JSONSchemaGrammar(schema: schema)
    }
}

extension GenerationRequest {
    /// A conversation whose answer is one slot that nothing checks.
    fileprivate static func oneParagraph(_ messages: [ChatMessage], maximumWords: Int, seed: UInt64)
        -> GenerationRequest
    {
        let slot = WriteSlot(
            name: "answer", maximumWords: maximumWords, maximumSentences: maximumWords, attempts: 1, fallback: "",
            check: { _ in .stands })
        return GenerationRequest(messages: messages, neutralMessages: messages, segments: [.write(slot)], seed: seed)
    }
}

extension JSONValue {
    /// A seed as a number; as text where JSON's integers end.
    fileprivate init(_ seed: UInt64) {
        self = Int64(exactly: seed).map(JSONValue.integer) ?? .string(String(seed))
    }
}
