import Foundation

/// The reference model that tests and the demo use: SmolLM2-135M-Instruct, Q4_1.
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
}
