extension GenerationRequest {
    /// Refuses what no model can fill.
    ///
    /// - Throws: `invalidRequest`, naming the slot or the field.
    package func validate() throws(LanguageModelError) {
        guard !segments.isEmpty else { throw LanguageModelError(.invalidRequest, "the text has no segments") }
        for case .choose(let slot) in segments where slot.variants.isEmpty {
            throw LanguageModelError(.invalidRequest, "slot \(slot.name) has no variants to choose from")
        }
        try sampling.validate()
    }
}
