import Cryptography
import Foundation
import Sandbox
import XCTest

/// The stand-ins under the CRMs' own client libraries: what those do not accept is no stand-in.
final class OfficialClientTests: XCTestCase {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs a client script, which fails at its first difference.
    private func run(_ script: String, _ arguments: [String]) async throws {
        let packages = root.appending(path: ".local/python")
        guard FileManager.default.fileExists(atPath: packages.path) else {
            return XCTFail("the Python clients are missing; run scripts/bootstrap")
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["timeout", "120", "python3", root.appending(path: "Tests/SandboxTests/clients/\(script)").path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONPATH": packages.path, "PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = try await Task.detached {
            String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }.value
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0, text)
        XCTAssertTrue(text.hasSuffix("ok\n"), text)
    }

    func testHubSpotsClientAcceptsThePortal() async throws {
        let sandbox = SandboxServer(HubSpotPortal())
        try await run("hubspot_client.py", [try await sandbox.start()])
        await sandbox.stop()
    }

    func testSimpleSalesforceAcceptsTheOrg() async throws {
        let key = try RSAPrivateKey.generate()
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pem")
        try Data(try key.privatePEM.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var settings = SalesforceSettings()
        settings.publicKey = try key.publicPEM
        settings.queryPage = 50
        let sandbox = SandboxServer(SalesforceOrg(settings))
        try await run("salesforce_client.py", [try await sandbox.start(), file.path])
        await sandbox.stop()
    }
}
