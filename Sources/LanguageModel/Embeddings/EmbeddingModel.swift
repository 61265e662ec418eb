import Dispatch
import Foundation

/// Turns texts into vectors whose scalar products say how near their meanings are: a sentence-transformers model of the
/// kind of all-MiniLM-L6-v2, run on this machine's processor.
///
/// A text's vector depends on nothing but the text: not on the batch it came in, the number of threads or the
/// processor's kind.
///
/// Calls are served one after another on a thread of their own; Swift's shared threads never block.
public final class EmbeddingModel: Sendable {
    /// Numbers in a vector.
    public let dimensions: Int
    private let tokenizer: WordPiece
    private let encoder: SentenceEncoder
    private let queue = DispatchQueue(label: "leadwright.embeddings")

    /// Tokens that go through the layers together: enough to read each weight seldom. A longer text goes alone.
    private static let tokensAtOnce = 512

    /// Reads `config.json`, `tokenizer_config.json`, `vocab.txt`, `modules.json`, `1_Pooling/config.json`,
    /// `sentence_bert_config.json` and `model.safetensors`, and packs the layers for this processor: 43 MB in memory
    /// for all-MiniLM-L6-v2; the words' vectors stay in the mapped file.
    ///
    /// - Parameter threads: how many threads a call uses; every core's when `nil`. They sleep while there is nothing to
    ///   do.
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel` for an
    ///   encoder that is no uncased BERT with the mean of its tokens as its vector.
    public init(directory: String, threads: Int? = nil) throws(LanguageModelError) {
        let files = EncoderDirectory(directory)
        let shape = try EncoderShape(files)
        let vocabulary = try FileMapping(path: files.path("vocab.txt"))
        tokenizer = try WordPiece(vocabulary: vocabulary.bytes)
        guard tokenizer.count <= shape.vocabulary else {
            throw .malformedEncoder("vocab.txt has \(tokenizer.count) lines, and vocab_size is \(shape.vocabulary)")
        }
        encoder = try SentenceEncoder(
            SafetensorsFile(path: files.path("model.safetensors")), shape,
            pool: ThreadPool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount))
        dimensions = shape.width
    }

    /// A vector of length 1 for each text, in order. A text is read up to the encoder's limit, 256 tokens for
    /// all-MiniLM-L6-v2; the rest of it is ignored, as sentence-transformers does. An empty text has a vector too.
    ///
    /// All-MiniLM-L6-v2 takes 10.6 million multiplications a token, and attention on top. A call stops between two
    /// passes when its task is cancelled.
    ///
    /// - Throws: ``LanguageModelError``: `cancelled`; `malformedFile` for weights that are not finite.
    public func embed(_ texts: [String]) async throws(LanguageModelError) -> [[Float]] {
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { [self] in
                    continuation.resume(
                        returning: Result { () throws(LanguageModelError) in try vectors(of: texts, cancellation) })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    /// The tokens of a text as the encoder reads them; for tests, which compare them with the package's.
    package func tokens(of text: String) -> [Int32] { tokenizer.encode(text, limit: encoder.shape.longestText) }

    private func vectors(of texts: [String], _ cancellation: Cancellation) throws(LanguageModelError) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        var waiting: [[Int32]] = []
        var tokens = 0
        func encodeWaiting() throws(LanguageModelError) {
            guard !cancellation.isCancelled else {
                throw LanguageModelError(.cancelled, "the vectors are no longer wanted")
            }
            if !waiting.isEmpty { vectors += try encoder.vectors(of: waiting) }
            waiting.removeAll(keepingCapacity: true)
            tokens = 0
        }
        for text in texts {
            let ids = self.tokens(of: text)
            if tokens + ids.count > Self.tokensAtOnce { try encodeWaiting() }
            waiting.append(ids)
            tokens += ids.count
        }
        try encodeWaiting()
        return vectors
    }
}
