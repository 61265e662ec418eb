/// Finds the tokens that stand in a text as they are, before any merging: `<|im_start|>`.
struct SpecialTokens: Sendable {
    /// A token that is found by its own text.
    private struct Entry: Sendable {
        let text: [UInt8]
        let token: Int32
        /// Whether the model acts on it. The others are only words that were added to the vocabulary.
        let isControl: Bool
    }

    /// By first byte, the longest first.
    private let entries: [[Entry]]

    init(_ tokens: [(text: [UInt8], token: Int32, isControl: Bool)]) {
        var entries = [[Entry]](repeating: [], count: 256)
        for token in tokens {
            guard let first = token.text.first else { continue }
            entries[Int(first)].append(Entry(text: token.text, token: token.token, isControl: token.isControl))
        }
        self.entries = entries.map { $0.sorted { $0.text.count > $1.text.count } }
    }

    /// The first token from `position` on, the longest where several begin.
    func next(in bytes: ArraySlice<UInt8>, includingControl: Bool) -> (token: Int32, range: Range<Int>)? {
        for position in bytes.indices where !entries[Int(bytes[position])].isEmpty {
            for entry in entries[Int(bytes[position])] where includingControl || !entry.isControl {
                if bytes[position...].starts(with: entry.text) {
                    return (entry.token, position..<position + entry.text.count)
                }
            }
        }
        return nil
    }
}
