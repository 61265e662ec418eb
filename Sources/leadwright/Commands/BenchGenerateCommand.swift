import JSON
import LanguageModel

extension Command {
    /// `leadwright bench generate`
    static let benchGenerate = Command(
        "bench generate", "Measure how fast the model answers many prompts.",
        discussion: """
            Reads JSON Lines {"system": "…", "user": "…"} and answers each greedily with exactly --max-tokens tokens,
            past the end of the model's turn, --concurrency of them at a time. The first prompt is answered once
            before the clock starts, so that what the prompts share is warm. prefix_hit_rate is the share of prompt
            tokens that were known already; peak_rss_mib is the most memory that this process has had.
            """,
        options: [
            .modelFile,
            Option("--prompts", "FILE", "The prompts.", required: true),
            Option("--concurrency", "N", "Requests in flight; 16 unless given."),
            Option("--max-tokens", "N", "The length of every text; 96 unless given."),
            .modelThreads,
            .json,
        ]
    ) { arguments in
        let concurrency = try arguments.count("--concurrency", default: 16)
        let maximumTokens = try arguments.count("--max-tokens", default: 96)
        let conversations = try PromptFile(path: arguments.value("--prompts")).conversations
        let threads = try arguments.modelThreadCount()
        let model = try LocalModel(path: arguments.value("--model"), threads: threads)
        let benchmark = GenerationBenchmark(
            model: model, conversations: conversations, concurrency: concurrency, maximumTokens: maximumTokens)
        let result = try await benchmark.run()
        try Leadwright.announce(figures: result.json, arguments)
    }
}
