import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// The one call of the OpenAI protocol that we use: `POST /v1/chat/completions`, not streamed.
///
/// <https://platform.openai.com/docs/api-reference/chat/create>; vLLM and llama.cpp's server speak it too. Only
/// parameters that all of them know are sent.
struct ChatCompletions: Sendable {
    /// One call's question.
    struct Question {
        var messages: [ChatMessage]
        var maximumTokens: Int
        var temperature: Float = 0
        var topP: Float = 1
        var seed: UInt64 = 0
        var stops: [String] = []
        /// How many of the likeliest tokens are wanted at each place; the protocol allows 20.
        var topLogProbabilities = 0
    }

    /// One call's answer.
    struct Answer {
        let text: String
        /// Whether the answer was cut off by `maximumTokens`.
        let isCut: Bool
        /// The likeliest tokens at the first place with their log-probabilities; empty when the server gives none.
        let firstToken: [(text: String, logProbability: Double)]
        let promptTokens: Int
        let cachedTokens: Int
        let generatedTokens: Int
    }

    /// The address of the call.
    let address: String
    private let model: String
    /// Gives the header's value. A closure, because a stored key would be shown by every `print` of its owner.
    private let authorization: @Sendable () -> String?
    private let client: HTTPClient
    private let timeout: Duration

    /// - Parameter baseURL: with or without `/v1` at its end.
    init(baseURL: String, model: String, key: String?, client: HTTPClient, timeout: Duration) {
        var base = baseURL[...]
        while base.last == "/" { base.removeLast() }
        if !base.hasSuffix("/v1") { base += "/v1" }
        address = base + "/chat/completions"
        self.model = model
        authorization = { key.map { "Bearer \($0)" } }
        self.client = client
        self.timeout = timeout
    }

    func ask(_ question: Question) async throws(LanguageModelError) -> Answer {
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Accept": "application/json"]
        headers["Authorization"] = authorization()
        let request = HTTPRequest("POST", address, headers: headers, body: body(question).canonicalData)
        let response: HTTPResponse
        do {
            response = try await client.send(request, timeout: timeout)
        } catch {
            guard error.code != .cancelled else {
                throw LanguageModelError(.cancelled, "the text is no longer wanted")
            }
            throw LanguageModelError(
                .unavailable, "the model server does not answer: \(error.message)", underlying: error)
        }
        guard response.isSuccess else { throw refusal(response) }
        return try Self.answer(in: response.body)
    }

    private func body(_ question: Question) -> JSONValue {
        var body: [String: JSONValue] = [
            "model": .string(model),
            "messages": question.messages.json,
            "max_tokens": .integer(Int64(question.maximumTokens)),
            "temperature": .number(Double(question.temperature)),
            "top_p": .number(Double(question.topP)),
            // Servers differ in how wide a seed they take; all take 31 bits.
            "seed": .integer(Int64(question.seed & 0x7FFF_FFFF)),
        ]
        // The protocol allows four; those left out still end the slot, only later.
        if !question.stops.isEmpty { body["stop"] = .array(question.stops.prefix(4).map(JSONValue.string)) }
        if question.topLogProbabilities > 0 {
            body["logprobs"] = true
            body["top_logprobs"] = .integer(Int64(question.topLogProbabilities))
        }
        return .object(body)
    }

    /// What a status other than 2xx means. The server's own words are left out: they may repeat the prompt.
    private func refusal(_ response: HTTPResponse) -> LanguageModelError {
        let error = (try? JSONValue(parsing: response.body))?["error"]
        let kinds = [error?["code"]?.string, error?["type"]?.string].compactMap(\.self)
        switch response.status {
        case 400 where kinds.contains { $0.contains("context") }, 413:
            return LanguageModelError(
                .contextOverflow, "prompt and text are longer than the context of the server's model")
        case 401, 403:
            return LanguageModelError(
                .unavailable, "the model server refuses the key (\(response.status)); check LEADWRIGHT_MODEL_KEY")
        case 404:
            return LanguageModelError(
                .unavailable,
                "the model server does not know the model, or the address is wrong; check LEADWRIGHT_MODEL_NAME")
        case 408, 429, 500...599:
            return LanguageModelError(.unavailable, "the model server is busy or broken (\(response.status))")
        default:
            return LanguageModelError(
                .invalidRequest, "the model server does not take the request (\(response.status)); see its log")
        }
    }

    private static func answer(in body: Data) throws(LanguageModelError) -> Answer {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: body)
        } catch {
            throw LanguageModelError(.malformedAnswer, "the model server's answer is \(error)", underlying: error)
        }
        guard let choice = json["choices"]?[0] else {
            throw LanguageModelError(.malformedAnswer, "the model server's answer has no choices[0]")
        }
        guard let text = choice["message"]?["content"]?.string else {
            throw LanguageModelError(.malformedAnswer, "the model server's answer has no choices[0].message.content")
        }
        let top = choice["logprobs"]?["content"]?[0]?["top_logprobs"]?.array ?? []
        let usage = json["usage"]
        return Answer(
            text: text, isCut: choice["finish_reason"]?.string == "length",
            firstToken: top.compactMap { entry in
                guard let token = entry["token"]?.string, let value = entry["logprob"]?.double else { return nil }
                return (token, value)
            },
            promptTokens: count(usage?["prompt_tokens"]),
            cachedTokens: count(usage?["prompt_tokens_details"]?["cached_tokens"]),
            generatedTokens: count(usage?["completion_tokens"]))
    }

    /// A number of tokens; so bounded that sums of them are safe, whatever a server says.
    private static func count(_ value: JSONValue?) -> Int { Int(min(max(0, value?.integer ?? 0), 1 << 32)) }
}

extension [ChatMessage] {
    /// As the protocol writes them.
    var json: JSONValue {
        .array(map { .object(["role": .string($0.role.rawValue), "content": .string($0.content)]) })
    }
}
