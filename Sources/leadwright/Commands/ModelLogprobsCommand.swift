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
            .modelFile,
            Option("--top", "N", "How many tokens a row; 20 unless given."),
            .modelThreads,
        ]
    ) { arguments in
        let top = try arguments.count("--top", default: 20)
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
