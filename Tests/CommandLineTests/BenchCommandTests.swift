import Foundation
import JSON
import TestSupport
import XCTest

/// `leadwright bench`: every figure is there and fits the others. How large they are is the benchmarks' matter.
final class BenchCommandTests: XCTestCase {
    func testGenerateAnswersEveryPromptAtFullLength() throws {
        let prompts = try promptFile(
            (1...3).map { #"{"system": "You write one sentence for TechFlow.", "user": "Lead number \#($0)."}"# })
        let run = try BuiltCommand.run([
            "bench", "generate", "--model", Model.path, "--prompts", prompts, "--concurrency", "2", "--max-tokens", "8",
            "--threads", "2", "--json",
        ])
        XCTAssertEqual(run.status, 0, run.complaints)
        let result = try JSONValue(parsing: run.output)
        XCTAssertEqual(result["requests"], 3)
        XCTAssertEqual(result["completion_tokens"], 24)
        XCTAssertEqual(result["threads"], 2)
        let seconds = try XCTUnwrap(result["seconds"]?.double)
        XCTAssertGreaterThan(seconds, 0)
        XCTAssertEqual(try XCTUnwrap(result["requests_min"]?.double), 180 / seconds, accuracy: 1e-6)
        XCTAssertEqual(try XCTUnwrap(result["completion_tokens_s"]?.double), 24 / seconds, accuracy: 1e-6)
        XCTAssertTrue((0...1).contains(try XCTUnwrap(result["prefix_hit_rate"]?.double)))
        XCTAssertGreaterThan(try XCTUnwrap(result["peak_rss_mib"]?.double), 10)
    }

    func testAPromptThatIsNotUnderstoodIsNamed() throws {
        let prompts = try promptFile([#"{"user": "Fine."}"#, #"{"prompt": "Not fine."}"#])
        let run = try BuiltCommand.run(["bench", "generate", "--model", Model.path, "--prompts", prompts])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.complaints.contains("\(prompts), line 2"), run.complaints)
    }

    func testIntakeSendsAtItsRateAndFindsEverythingInTheDatabase() async throws {
        let database = try await TestDatabase.make()
        let run = try BuiltCommand.run([
            "bench", "intake", "--database-url", database.url, "--connections", "4", "--seconds", "1", "--rate", "40",
            "--json",
        ])
        XCTAssertEqual(run.status, 0, run.complaints)
        let result = try JSONValue(parsing: run.output)
        XCTAssertEqual(result["deliveries"], 40)
        XCTAssertEqual(result["refused"], 0)
        let (p50, p99) = (try XCTUnwrap(result["p50_ms"]?.double), try XCTUnwrap(result["p99_ms"]?.double))
        XCTAssertTrue(0 < p50 && p50 <= p99, "\(p50) \(p99)")
        XCTAssertGreaterThan(try XCTUnwrap(result["deliveries_s"]?.double), 0)
        await database.drop()
    }

    private func promptFile(_ lines: [String]) throws -> String {
        let url = FileManager.default.temporaryDirectory.appending(path: "prompts-\(UUID().uuidString).jsonl")
        try Data(lines.joined(separator: "\n").utf8).write(to: url)
        addTeardownBlock { try? FileManager.default.removeItem(at: url) }
        return url.path
    }
}
