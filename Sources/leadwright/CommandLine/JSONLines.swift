import Foundation
import JSON

/// JSON Lines on standard input, answered on standard output: one value for each.
enum JSONLines {
    /// Answers each line before it reads the next, so that another program can hold a dialogue.
    ///
    /// - Throws: ``CommandError/failed(_:)`` that names the line that is no JSON, or whose answer failed.
    static func answer(_ transform: (JSONValue) async throws -> JSONValue) async throws(CommandError) {
        var number = 0
        while let line = readLine() {
            number += 1
            do {
                let answer = try await transform(JSONValue(parsing: line))
                try FileHandle.standardOutput.write(contentsOf: answer.canonicalData + Data("\n".utf8))
            } catch CommandError.failed(let message) {
                throw .failed("line \(number): \(message)")
            } catch {
                throw .failed("line \(number): \(error)")
            }
        }
    }
}
