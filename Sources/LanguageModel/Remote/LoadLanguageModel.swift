public import Foundation
import HTTPClient

/// Loads the model at a place: the path of a GGUF file, or the http or https address of an OpenAI-compatible server.
///
/// A server also needs `LEADWRIGHT_MODEL_NAME`, the model's name there, and `LEADWRIGHT_MODEL_KEY` if it asks for a
/// key. It is not asked anything yet, so that a worker starts before its model server does.
///
/// - Parameters:
///   - threads: for a file; every core's when `nil`.
/// - Throws: ``LanguageModelError`` that says what is missing or wrong.
public func loadLanguageModel(
    _ location: String, threads: Int? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
) async throws(LanguageModelError) -> any LanguageModel {
    let lowercased = location.lowercased()
    guard lowercased.hasPrefix("http://") || lowercased.hasPrefix("https://") else {
        return try LocalModel(path: location, threads: threads)
    }
    guard let name = environment["LEADWRIGHT_MODEL_NAME"], !name.isEmpty else {
        throw LanguageModelError(.invalidRequest, "set LEADWRIGHT_MODEL_NAME to the model's name on the server")
    }
    let key = environment["LEADWRIGHT_MODEL_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    return try OpenAIModel(baseURL: location, model: name, key: key, client: HTTPClient())
}
