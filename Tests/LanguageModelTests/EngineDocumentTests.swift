import JSON
import LanguageModel
import TestSupport
import XCTest

/// Documents under a grammar, written by the reference model.
final class EngineDocumentTests: XCTestCase {
    private let schema: JSONValue = [
        "type": "object",
        "properties": [
            "subject": ["type": "string", "minLength": 3, "maxLength": 60],
            "stage": ["enum": ["lead", "customer"]],
            "words": ["type": "integer", "minimum": 1, "maximum": 200],
        ],
        "required": ["subject", "stage", "words"],
    ]

    func testWhateverTheModelWritesSatisfiesTheSchema() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let grammar = try JSONSchemaGrammar(schema: schema)
        for seed in UInt64(0)..<4 {
            let document = try await model.document(
                question, grammar: grammar, maximumTokens: 60, sampling: Sampling(temperature: 1.5, topK: 0, topP: 1),
                seed: seed)
            let value = try JSONValue(parsing: document.text)
            XCTAssertTrue((3...60).contains(value["subject"]?.string?.unicodeScalars.count ?? 0), document.text)
            XCTAssertTrue(["lead", "customer"].contains(value["stage"]?.string), document.text)
            XCTAssertTrue((1...200).contains(value["words"]?.integer ?? 0), document.text)
            XCTAssertLessThan(
                document.logProbabilities.count, document.tokens.count, "braces and keys were not drawn")
        }
    }

    func testUsedUpTokensStillGiveAWholeDocument() async throws {
        let model = try LocalModel(path: Model.path, threads: 2)
        let grammar = try JSONSchemaGrammar(schema: schema)
        for tokens in [0, 1, 3] {
            let document = try await model.document(question, grammar: grammar, maximumTokens: tokens)
            XCTAssertTrue(document.isCut)
            XCTAssertEqual(document.logProbabilities.count, tokens)
            let value = try JSONValue(parsing: document.text)
            XCTAssertNotNil(value["words"]?.integer, document.text)
        }
    }

    func testDocumentsAreTheSameInABatch() async throws {
        let alone = try LocalModel(path: Model.path, threads: 1, cacheBytes: 0, texts: 1)
        let together = try LocalModel(path: Model.path, threads: 2)
        let grammar = try JSONSchemaGrammar(schema: schema)
        let question = question
        let expected = try await alone.document(question, grammar: grammar, maximumTokens: 40, seed: 9)
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await together.document(question, grammar: grammar, maximumTokens: 40, seed: 9).text
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(texts, Array(repeating: expected.text, count: 4))
    }

    private var question: [ChatMessage] {
        [ChatMessage(.user, "Plan a letter to Ana, who asked for a demonstration. Answer in JSON.")]
    }
}
