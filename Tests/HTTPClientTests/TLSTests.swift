import Foundation
import HTTPClient
import HTTPTypes
import XCTest

/// Certificates, with OpenSSL's own test server at the other end.
final class TLSTests: XCTestCase {
    /// Makes a certificate for `localhost` that nobody trusts yet, and serves with it.
    private func serve() throws -> (port: String, certificate: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "leadwright-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: folder) }
        let certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        let maker = try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ])
        maker.process.waitUntilExit()
        XCTAssertEqual(maker.process.terminationStatus, 0)

        let server = try openssl(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key])
        addTeardownBlock {
            // Not terminate(): a process started from a task inherits the pool thread's mask, which blocks SIGTERM.
            kill(server.process.processIdentifier, SIGKILL)
            server.process.waitUntilExit()
        }
        var text = ""
        while true {
            let piece = server.output.availableData
            guard !piece.isEmpty else { throw XCTestError(.failureWhileWaiting) }
            text += String(decoding: piece, as: UTF8.self)
            if let match = text.firstMatch(of: /ACCEPT [^\n]*:(\d+)\n/) { return (String(match.1), certificate) }
        }
    }

    private func openssl(_ arguments: [String]) throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (process, output.fileHandleForReading)
    }

    func testOnlyTrustedCertificatesOfTheRightHostAreAccepted() async throws {
        let (port, certificate) = try serve()
        let client = HTTPClient()
        let trusting = HTTPClient(configuration: .init(certificateAuthorities: certificate))
        let response = try await trusting.send(HTTPRequest("GET", "https://localhost:\(port)/"))
        XCTAssertEqual(response.status, 200)
        await assertThrows(.tls, mayHaveReachedServer: false, "not trusted") {
            try await client.send(HTTPRequest("POST", "https://localhost:\(port)/"))
        }
        await assertThrows(.tls, mayHaveReachedServer: false, "another host's certificate") {
            try await trusting.send(HTTPRequest("POST", "https://127.0.0.1:\(port)/"))
        }
        await client.close()
        await trusting.close()
    }

    func testAServerWithoutTLS() async throws {
        let server = try RawServer { connection in
            connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.waitForTheEnd()
        }
        let client = HTTPClient()
        await assertThrows(.tls, mayHaveReachedServer: false) {
            try await client.send(HTTPRequest("POST", "https://127.0.0.1:\(server.port)/"))
        }
        await client.close()
        server.stop()
    }
}
