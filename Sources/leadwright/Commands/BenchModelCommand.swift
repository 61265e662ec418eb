import JSON
import LanguageModel

extension Command {
    /// `leadwright bench model`
    static let benchModel = Command(
        "bench model", "Measure a model's bare speed on this machine.",
        discussion: """
            In tokens a second: reading 512 tokens from nothing (prefill_512_tokens_s); writing 128 tokens behind them
            (decode_1_tokens_s); writing 16 sequences of 128 tokens side by side behind the same 512, all of them
            counted (decode_16_tokens_s). Each is the median of --repetitions, after one that does not count.
            """,
        options: [
            .modelFile,
            Option("--repetitions", "N", "How often to measure; 5 unless given."),
            .modelThreads,
            .json,
        ]
    ) { arguments in
        let repetitions = try arguments.count("--repetitions", default: 5)
        let clock = ContinuousClock()
        let start = clock.now
        let benchmark = try ModelBenchmark(
            path: arguments.value("--model"), threads: arguments.modelThreadCount(), repetitions: repetitions)
        let loading = (clock.now - start) / .seconds(1)
        var figures = benchmark.run()
        figures["load_seconds"] = .number(loading)
        try Leadwright.announce(figures: figures, arguments)
    }
}
