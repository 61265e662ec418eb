/// A model that fills scaffolds: our own core over a GGUF file, or a server that speaks the OpenAI protocol.
public protocol LanguageModel: Sendable {
    /// Which model answers, for provenance.
    var identity: ModelIdentity { get }

    /// Writes one text: literal segments as they are, slots within their limits, in order, each seeing all before it.
    ///
    /// The same model, prompt, scaffold and seed give the same bytes, whatever else is generated meanwhile (a remote
    /// server may not keep this; `ModelIdentity.isReproducible` says so).
    ///
    /// - Throws: ``LanguageModelError``; `contextOverflow` when prompt and scaffold do not fit.
    func generate(_ request: GenerationRequest) async throws(LanguageModelError) -> GenerationOutput
}

/// What identifies a model in a generation's provenance.
public struct ModelIdentity: Sendable, Hashable, Codable {
    /// The file's or the server's name for it.
    public let name: String
    /// The SHA-256 of the model file in hexadecimal, or of the server's address and model name.
    public let sha256: String
    /// Whether equal requests give equal bytes.
    public let isReproducible: Bool

    /// Creates an identity.
    public init(name: String, sha256: String, isReproducible: Bool) {
        self.name = name
        self.sha256 = sha256
        self.isReproducible = isReproducible
    }
}
