import Cryptography
import Foundation
import Sandbox
import TestSupport
import XCTest

/// The stand-ins under the CRMs' own client libraries: what those do not accept is no stand-in.
final class OfficialClientTests: XCTestCase {
    /// Runs a client script, which fails at its first difference.
    private func run(_ script: String, _ arguments: [String]) async throws {
        let packages = PackageRoot.path(".local/python")
        guard FileManager.default.fileExists(atPath: packages) else {
            return XCTFail("the Python clients are missing; run scripts/bootstrap")
        }
        let environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        // The stand-in serves from this process meanwhile.
        let client = try await Task.detached {
            try FinishedProgram(
                ["timeout", "120", "python3", PackageRoot.path("Tests/SandboxTests/clients/\(script)")] + arguments,
                environment: environment)
        }.value
        XCTAssertEqual(client.status, 0, client.complaints)
        XCTAssertTrue(client.output.hasSuffix("ok\n"), client.output)
        XCTAssertEqual(client.complaints, "")
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
