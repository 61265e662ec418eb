import Foundation

/// The models that tests use; the reference model, SmolLM2-135M-Instruct in Q4_1, is the demo's too.
public enum Model {
    /// Where `scripts/bootstrap` puts it.
    ///
    /// - Throws: ``MissingPart`` that names the command to run.
    public static var path: String {
        get throws {
            let path = PackageRoot.path(".local/models/SmolLM2-135M-Instruct.Q4_1.gguf")
            guard FileManager.default.isReadableFile(atPath: path) else { throw MissingPart(path) }
            return path
        }
    }

    /// The directory of the sentence encoder that tests use: all-MiniLM-L6-v2.
    ///
    /// - Throws: ``MissingPart`` that names the command to run.
    public static var encoderDirectory: String {
        get throws {
            let path = PackageRoot.path(".local/models/all-MiniLM-L6-v2")
            guard FileManager.default.isReadableFile(atPath: path) else { throw MissingPart(path) }
            return path
        }
    }
}
