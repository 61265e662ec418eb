import ChildProcesses
import Foundation
import HTTPClient
import HTTPTypes
import TestSupport
import XCTest

/// `leadwright sandbox …` as a process.
final class SandboxCommandTests: XCTestCase {
    private func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess([BuiltCommand.url.path, "sandbox"] + arguments, input: .pipe, output: .pipe)
    }

    /// How it ended, or a failure when that takes too long.
    private func ending(_ process: ChildProcess) -> ChildProcess.Ending? {
        let ending = process.blockUntilEnd(within: .seconds(20))
        process.signal(SIGKILL)
        return ending
    }

    func testPrintsItsAddressAndEndsWithItsParent() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        for name in ["hubspot", "salesforce", "zapier"] {
            let process = try start([name, "--with-parent", "--port-file", file.path])
            let line = try XCTUnwrap(Lines(of: try XCTUnwrap(process.output)).next())
            let port = try String(contentsOf: file, encoding: .utf8)
            XCTAssertEqual(line + "\n", "http://127.0.0.1:\(port)")
            let client = HTTPClient()
            let answer = try await client.send(
                HTTPRequest("GET", "\(line)/sandbox/statistics"), timeout: .seconds(10))
            XCTAssertEqual(answer.status, 200)
            await client.close()
            try process.input?.close()
            XCTAssertEqual(ending(process), .exited(0))
        }
    }

    func testEndsAtSIGTERM() throws {
        let process = try start(["hubspot"])
        XCTAssertNotNil(Lines(of: try XCTUnwrap(process.output)).next())
        process.signal(SIGTERM)
        XCTAssertEqual(ending(process), .exited(0))
    }

    func testRefusesSettingsThatItDoesNotKnow() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(#"{"portal": 1}"#.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        XCTAssertEqual(ending(try start(["hubspot", "--settings", file.path])), .exited(1))
    }
}
