import Foundation
import JSON
import LanguageModel

/// Many conversations answered with a fixed number of requests in flight: the worker's load without a CRM.
///
/// Texts are greedy and go on past the end of the model's turn, so that every run computes the same tokens.
struct GenerationBenchmark {
    let model: LocalModel
    let conversations: [[ChatMessage]]
    /// Requests in flight.
    let concurrency: Int
    /// The length of every text in tokens.
    let maximumTokens: Int

    /// What was measured.
    struct Result {
        let requests: Int
        /// From the first request's start to the last one's end.
        let seconds: Double
        let completionTokens: Int
        let promptTokens: Int
        /// Prompt tokens that were already in the cache.
        let cachedTokens: Int

        var json: [String: JSONValue] {
            [
                "requests": .integer(Int64(requests)),
                "seconds": .number(seconds),
                "completion_tokens": .integer(Int64(completionTokens)),
                "completion_tokens_s": .number(Double(completionTokens) / seconds),
                "requests_min": .number(Double(requests) * 60 / seconds),
                "prefix_hit_rate": .number(Double(cachedTokens) / Double(max(1, promptTokens))),
            ]
        }
    }

    /// Answers the first conversation once, which warms what the others begin with, and then measures all of them.
    ///
    /// - Throws: ``LanguageModelError`` of the first request that fails; the others are cancelled.
    func run() async throws -> Result {
        _ = try await answer(conversations[0])
        let clock = ContinuousClock()
        let start = clock.now
        let completions = try await withThrowingTaskGroup(of: Completion.self) { group in
            var waiting = conversations[...]
            var done: [Completion] = []
            for conversation in waiting.prefix(concurrency) { group.addTask { try await answer(conversation) } }
            waiting = waiting.dropFirst(concurrency)
            while let completion = try await group.next() {
                done.append(completion)
                if let next = waiting.popFirst() { group.addTask { try await answer(next) } }
            }
            return done
        }
        return Result(
            requests: completions.count, seconds: (clock.now - start) / .seconds(1),
            completionTokens: completions.reduce(0) { $0 + $1.tokens.count },
            promptTokens: completions.reduce(0) { $0 + $1.promptTokens },
            cachedTokens: completions.reduce(0) { $0 + $1.cachedTokens })
    }

    private func answer(_ conversation: [ChatMessage]) async throws -> Completion {
        try await model.complete(
            conversation, maximumTokens: maximumTokens, sampling: Sampling(temperature: 0), ignoresEnd: true)
    }
}
