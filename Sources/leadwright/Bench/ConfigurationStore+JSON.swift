import Configuration
import Foundation
import JSON

extension ConfigurationStore {
    /// Applies declarations that stand in no file.
    ///
    /// - Parameter environment: Where they find their secrets.
    func apply(_ declarations: JSONValue, environment: [String: String]) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "declarations-\(UUID().uuidString).json")
        try declarations.canonicalData.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try await apply(Declarations(files: [file.path], environment: environment))
    }
}
