import Foundation
import HTTPClient
import HTTPTypes
import XCTest

/// `leadwright sandbox …` as a process.
final class SandboxCommandTests: XCTestCase {
    /// The program lies beside the tests.
    private var program: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "leadwright")
    }

    private func start(_ arguments: [String], input: Pipe = Pipe()) throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = program
        process.arguments = ["sandbox"] + arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        return (process, output)
    }

    /// The process's exit status, or a failure when it takes too long.
    private func status(_ process: Process) async -> Int32 {
        await Task.detached {
            let deadline = Task {
                try await Task.sleep(for: .seconds(20))
                process.interrupt()
                kill(process.processIdentifier, SIGKILL)
            }
            process.waitUntilExit()
            deadline.cancel()
            return process.terminationStatus
        }.value
    }

    func testPrintsItsAddressAndEndsWithItsParent() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        for name in ["hubspot", "salesforce", "zapier"] {
            let input = Pipe()
            let (process, output) = try start([name, "--with-parent", "--port-file", file.path], input: input)
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            let port = try String(contentsOf: file, encoding: .utf8)
            XCTAssertEqual(line, "http://127.0.0.1:\(port)")
            let client = HTTPClient()
            let url = "\(line.trimmingCharacters(in: .newlines))/sandbox/statistics"
            let answer = try await client.send(HTTPRequest("GET", url), timeout: .seconds(10))
            XCTAssertEqual(answer.status, 200)
            await client.close()
            try input.fileHandleForWriting.close()
            let code = await status(process)
            XCTAssertEqual(code, 0)
        }
    }

    func testEndsAtSIGTERM() async throws {
        let (process, output) = try start(["hubspot"])
        XCTAssertFalse(output.fileHandleForReading.availableData.isEmpty)
        process.terminate()
        let code = await status(process)
        XCTAssertEqual(code, 0)
        XCTAssertEqual(process.terminationReason, .exit)
    }

    func testRefusesSettingsThatItDoesNotKnow() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(#"{"portal": 1}"#.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let (process, _) = try start(["hubspot", "--settings", file.path])
        let code = await status(process)
        XCTAssertEqual(code, 1)
    }
}
