import Foundation
import JSON
import LanguageModel
import TestSupport
import XCTest

/// The reference model's file and the cases that were made from it.
enum ReferenceFile {
    /// The file, mapped once for all tests.
    static func gguf() throws -> GGUFFile { try loaded.get() }
    /// Its tokenizer.
    static func tokenizer() throws -> Tokenizer { try readTokenizer.get() }

    /// The lines of a JSON Lines fixture.
    static func cases(_ name: String) throws -> [JSONValue] {
        let path = PackageRoot.path("Tests/LanguageModelTests/Fixtures/\(name)")
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
    }

    /// Where it lies.
    static func path() throws -> String { try Model.path }

    private static let loaded = Result { try GGUFFile(path: Model.path) }
    private static let readTokenizer = Result { try Tokenizer(gguf()) }
}

extension JSONValue {
    /// The elements of an array of token ids.
    var tokens: [Int32] { (array ?? []).compactMap { $0.integer.map(Int32.init) } }
}
