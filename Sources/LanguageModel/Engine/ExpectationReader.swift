/// Reads a text and keeps what the model expects behind every token.
struct ExpectationReader: Writer {
    private let ids: [Int32]
    private let top: Int

    /// - Throws: `invalidRequest` for no tokens or one that is not in the vocabulary, `contextOverflow`.
    init(_ ids: [Int32], top: Int, vocabulary: Int, context: Int) throws(LanguageModelError) {
        guard !ids.isEmpty else { throw LanguageModelError(.invalidRequest, "there are no tokens to read") }
        if let id = ids.first(where: { !(0..<Int32(vocabulary)).contains($0) }) {
            throw LanguageModelError(.invalidRequest, "token \(id) is not among the model's \(vocabulary)")
        }
        guard ids.count <= context else { throw .overflow(ids.count, context: context) }
        self.ids = ids
        self.top = top
    }

    mutating func next(_ answers: [Answer]) throws(LanguageModelError) -> WritingStep<LogProbabilities> {
        guard case .expectations(let expectations)? = answers.first?.value else {
            return .read([Reading(ids, .expectations(top: top))])
        }
        return .finish(LogProbabilities(expectations))
    }
}
