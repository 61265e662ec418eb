import JSON
import LanguageModel

extension Command {
    /// `leadwright model logprobs`
    static let modelLogprobs = Command(
        "model logprobs", "Show what the model expects after each token of a text.",
        discussion: """
            Reads JSON Lines {"ids": [19556, 12711, 28]} and writes {"top_ids": [[…], …], "top_logprobs": [[…], …],
            "mean_nll": 3.35} for each: row i holds the likeliest tokens after ids[0]…ids[i], likeliest first, with
            their natural log-probabilities. mean_nll is the mean of -log p of every token but the first.
            """,
        options: [
            Option("--model", "FILE", "A GGUF file.", environment: "LEADWRIGHT_MODEL", required: true),
            Option("--top", "N", "How many tokens a row; 20 unless given."),
            .modelThreads,
        ]
    ) { arguments in
        let top = try arguments.number("--top", default: 20)
        guard top > 0 else { throw CommandError.usage("--top needs a number above 0") }
        let model = try LocalModel(path: arguments.value("--model"), threads: arguments.modelThreads())
        try await JSONLines.answer { line in
            let ids = line["ids"]?.array?.compactMap { $0.integer.flatMap(Int32.init(exactly:)) } ?? []
            guard !ids.isEmpty, ids.count == line["ids"]?.array?.count else {
                throw CommandError.failed("\"ids\" must be an array of tokens, at least one")
            }
            let expected = try await model.logProbabilities(ids: ids, top: top)
            return .object([
                "top_ids": .array(expected.topIDs.map { .array($0.map { .integer(Int64($0)) }) }),
                "top_logprobs": .array(expected.topValues.map { .array($0.map { .number(Double($0)) }) }),
                "mean_nll": .number(expected.meanNegativeLogLikelihood),
            ])
        }
    }
}

extension Option {
    /// The option that every command that runs a model file has.
    static let modelThreads = Option(
        "--threads", "N", "Threads for the model; every core unless given.", environment: "LEADWRIGHT_THREADS")
}

extension Arguments {
    /// The value of ``Option/modelThreads``; `nil` for every core.
    func modelThreads() throws(CommandError) -> Int? {
        guard self["--threads"] != nil else { return nil }
        let threads = try number("--threads", default: 1)
        guard threads > 0 else { throw .usage("--threads needs a number above 0") }
        return threads
    }
}
