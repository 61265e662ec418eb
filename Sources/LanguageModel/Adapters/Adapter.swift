import Cryptography
import Foundation

/// A LoRA adapter: small matrices that change a model's products (Hu and others, 2021,
/// <https://arxiv.org/abs/2106.09685>), so that one loaded model writes in many tenants' voices.
///
/// Immutable, and independent of its file once loaded: an adapter is swapped by loading another object, while texts
/// that are being written keep theirs. Memory is four bytes a number, and one half's rank is rounded up to 16: 19 MiB
/// for rank 16 on all projections of SmolLM2-135M.
public final class Adapter: Sendable {
    /// What requests ask for it by.
    public let name: String
    /// The digest of what was loaded, in hexadecimal: of a GGUF file its SHA-256, of a PEFT directory the SHA-256 of
    /// the two files' digests in hexadecimal, the configuration's first. Equal digests give equal texts.
    public let sha256: String
    /// The largest rank of its pairs.
    public let rank: Int
    /// What it changes, by the base model's tensor name: `blk.0.attn_q.weight`. At least one; `output.weight` also where
    /// the model's output weights are its embeddings.
    let pairs: [String: AdapterPair]

    /// Reads an adapter, and checks every part of it against the model.
    ///
    /// - Parameter path: a GGUF file of type `adapter`, or a directory with PEFT's `adapter_config.json` and
    ///   `adapter_model.safetensors`.
    /// - Throws: ``LanguageModelError``: `unreadableFile`; `malformedFile`, naming the field; `unsupportedModel` for what
    ///   is more than LoRA pairs on matrices, naming it; `adapterMismatch` when it was made for another model.
    package init(name: String, path: String, for base: AdapterBase) throws(LanguageModelError) {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let pairs: [String: AdapterPair]
        if exists && isDirectory.boolValue {
            let files = PEFTAdapter(directory: path)
            pairs = try files.pairs(base)
            sha256 =
                Hash.sha256(
                    Data((try Self.sha256(files.configurationPath) + Self.sha256(files.weightsPath)).utf8)
                ).hexadecimal
        } else {
            pairs = try GGUFAdapter(path: path).pairs(base)
            sha256 = try Self.sha256(path)
        }
        guard let rank = pairs.values.map(\.rank).max() else { throw .malformedAdapter("it holds no pair of tensors") }
        self.name = name
        self.rank = rank
        self.pairs = pairs
    }

    private static func sha256(_ path: String) throws(LanguageModelError) -> String {
        do throws(CryptographyError) {
            return try Hash.sha256File(path)
        } catch {
            throw LanguageModelError(.unreadableFile, error.message, underlying: error)
        }
    }

    /// The tensors that it changes.
    package var tensors: Set<String> { Set(pairs.keys) }

    /// What it changes of one tensor, if anything.
    package func pair(_ tensor: String) -> AdapterPair? { pairs[tensor] }
}
