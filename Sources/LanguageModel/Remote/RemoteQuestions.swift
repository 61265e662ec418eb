import Foundation

/// The words in which a server is asked to fill a slot.
///
/// The protocol cannot continue a text, so the text so far stands in the question. It is added to the last message
/// when that is the user's, because some chat templates refuse two messages of one speaker in a row.
enum RemoteQuestions {
    /// Asks for a `write` slot's text.
    static func write(_ slot: WriteSlot, after text: String, in messages: [ChatMessage]) -> [ChatMessage] {
        let amount =
            slot.maximumSentences == 1 ? "sentence" : "sentences, \(slot.maximumSentences) at most,"
        let limit = "in no more than \(slot.maximumWords) words"
        return asking(
            text.isEmpty
                ? "Write only the first \(amount) of the text, \(limit). Answer with nothing else."
                : """
                This is the text so far:

                \(text)

                Write only the \(amount) that \(slot.maximumSentences == 1 ? "comes" : "come") next, \(limit). \
                Do not repeat the text so far. Answer with nothing else.
                """, messages)
    }

    /// Asks for the letter of a `choose` slot's best variant.
    static func choose(_ variants: [String], after text: String, in messages: [ChatMessage]) -> [ChatMessage] {
        let list = zip(letters, variants).map { "\($0)) \($1)" }.joined(separator: "\n")
        let place =
            text.isEmpty
            ? "Which of these begins the text best for this reader?"
            : """
            This is the text so far:

            \(text)

            Which of these continues it best for this reader?
            """
        return asking("\(place)\n\n\(list)\n\nAnswer with one letter and nothing else.", messages)
    }

    /// The names of the variants. A server tells no more than the 20 likeliest tokens.
    static let letters: [Character] = Array("ABCDEFGHIJKLMNOPQRST")

    private static func asking(_ question: String, _ messages: [ChatMessage]) -> [ChatMessage] {
        guard let last = messages.last, last.role == .user else { return messages + [ChatMessage(.user, question)] }
        return messages.dropLast() + [ChatMessage(.user, "\(last.content)\n\n\(question)")]
    }
}

/// What an answer says about each variant.
struct LetterScores: Sendable, Hashable {
    /// One log-probability for each variant, in order; `nil` when the server told none.
    let values: [Double]?
    /// The variant that the answer's own letter names.
    let named: Int?

    /// - Parameter count: how many variants there are.
    init(_ answer: ChatCompletions.Answer, count: Int) {
        let letters = RemoteQuestions.letters.prefix(count)
        named = Self.letter(answer.text).flatMap(letters.firstIndex)
        // A letter that is not among the likeliest tokens is at most as likely as the last of them.
        let floor = answer.firstToken.map(\.logProbability).min() ?? 0
        let found = letters.map { letter in
            // "A" and " A" are different tokens for one letter: their probabilities add up.
            answer.firstToken.filter { Self.letter($0.text) == letter }.map { exp($0.logProbability) }.reduce(0, +)
        }
        values = found.contains { $0 > 0 } ? found.map { $0 > 0 ? log($0) : floor } : nil
    }

    /// The first letter in `B`, ` B`, `B)` or `**B**`; none where a word begins, as in `Because`.
    private static func letter(_ text: String) -> Character? {
        let words = text.split { !$0.isLetter }
        guard let first = words.first, first.count == 1 else { return nil }
        return first.first
    }
}
