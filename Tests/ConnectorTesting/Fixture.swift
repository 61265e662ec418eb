package import Foundation
package import JSON

/// The documented shapes of a system's messages, in the folder `Fixtures` beside the test that reads them.
package enum Fixture {
    package static func data(_ name: String, beside file: String = #filePath) throws -> Data {
        try Data(
            contentsOf: URL(fileURLWithPath: file).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/\(name)"))
    }

    package static func json(_ name: String, beside file: String = #filePath) throws -> JSONValue {
        try JSONValue(parsing: data(name, beside: file))
    }
}
