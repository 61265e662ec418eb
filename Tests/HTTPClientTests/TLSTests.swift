import ChildProcesses
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
        XCTAssertEqual(maker.blockUntilEnd(), .exited(0))

        let server = try openssl(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key])
        addTeardownBlock {
            server.signal(SIGKILL)
            await server.end()
        }
        let lines = Lines(of: try XCTUnwrap(server.output))
        while let line = lines.next() {
            if let match = line.wholeMatch(of: /ACCEPT .*:(\d+)/) { return (String(match.1), certificate) }
        }
        throw XCTestError(.failureWhileWaiting)
    }

    private func openssl(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(["openssl"] + arguments, output: .pipe)
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
