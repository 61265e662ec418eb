/// Why a model could not be loaded or a text not be made.
public struct LanguageModelError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable {
        /// The file cannot be opened or read.
        case unreadableFile = "unreadable_file"
        /// The file is damaged or hostile; the message names the field.
        case malformedFile = "malformed_file"
        /// The file is fine, and we cannot run it: the message names the architecture, type or tokenizer.
        case unsupportedModel = "unsupported_model"
        /// The model is larger than the memory that is free.
        case insufficientMemory = "insufficient_memory"
        /// No adapter of that name is loaded.
        case unknownAdapter = "unknown_adapter"
        /// The adapter was made for another model: the message names the tensor or the architecture.
        case adapterMismatch = "adapter_mismatch"
        /// Prompt and scaffold are longer than the model's context.
        case contextOverflow = "context_overflow"
        /// The request makes no sense: no segments, a slot without variants, a schema that no document can satisfy.
        case invalidRequest = "invalid_request"
        /// The schema is fine, and asks for more than can be compiled: the message names the keyword.
        case unsupportedGrammar = "unsupported_grammar"
        /// The remote server does not answer, or refuses.
        case unavailable
        /// The remote server's answer is not what the protocol says.
        case malformedAnswer = "malformed_answer"
        /// The caller no longer wants the text.
        case cancelled
        /// The text was not finished when it had to be.
        case deadlineExceeded = "deadline_exceeded"
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next; holds no prompt.
    public let message: String
    /// What caused it, if something below us failed.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
