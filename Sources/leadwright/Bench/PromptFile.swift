import Foundation
import JSON
import LanguageModel

/// A file of conversations to answer: JSON Lines {"system": "…", "user": "…"}, the system message optional.
struct PromptFile {
    /// At least one, in the file's order.
    let conversations: [[ChatMessage]]

    /// - Throws: ``CommandError/failed(_:)`` that names the file, and the line that is not understood.
    init(path: String) throws(CommandError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .failed("\(path) cannot be read as a file of text")
        }
        var conversations: [[ChatMessage]] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            guard let prompt = try? JSONValue(parsing: String(line)), let user = prompt["user"]?.string else {
                throw .failed("\(path), line \(index + 1): not of the form {\"system\": \"…\", \"user\": \"…\"}")
            }
            let system = prompt["system"]?.string.map { ChatMessage(.system, $0) }
            conversations.append([system, ChatMessage(.user, user)].compactMap(\.self))
        }
        guard !conversations.isEmpty else { throw .failed("\(path) holds no prompts") }
        self.conversations = conversations
    }
}
