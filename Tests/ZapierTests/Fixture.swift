import Foundation
import JSON

/// The documented shapes of Zapier's messages, in the folder beside this file.
enum Fixture {
    static func data(_ name: String) throws -> Data {
        try Data(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/\(name)"))
    }

    static func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: data(name)) }
}
