import ChildProcesses
import EmbeddedPostgres
import Foundation
import PostgresClient
import TestSupport
import XCTest

/// The private server: made, stopped, killed, and made to run where root's files are closed to others.
final class EmbeddedPostgresTests: XCTestCase {
    private let installation = PackageRoot.url.appending(path: ".local/postgres/18")
    private var folder = URL(filePath: "/var/tmp/leadwright-embedded-\(getpid())-\(UInt32.random(in: 0 ... .max))")

    override func setUp() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    override func tearDown() async throws { try FileManager.default.removeItem(at: folder) }

    func testDataStayBetweenStartsAndPgvectorIsThere() async throws {
        let postgres = EmbeddedPostgres(installation: installation, data: folder.appending(path: "data"))
        try await use(try await postgres.start()) { pool in
            try await pool.execute("CREATE EXTENSION vector")
            try await pool.execute("CREATE TABLE t AS SELECT '[1,2,3]'::vector AS place")
            let row = try await pool.query("SELECT current_setting('fsync'), datcollate, encoding FROM pg_database")
                .first
            let (fsync, collation, encoding) = try XCTUnwrap(row).decode(String.self, String.self, Int.self)
            XCTAssertEqual(fsync, "on")
            XCTAssertEqual(collation, "C.UTF-8")
            XCTAssertEqual(encoding, 6)
        }
        await postgres.stop()
        try await use(try await postgres.start()) { pool in
            let row = try await pool.query("SELECT place <-> '[1,2,4]' FROM t").first
            XCTAssertEqual(try XCTUnwrap(row).decode(Double.self), 1)
        }
        await postgres.stop()
    }

    func testOnlyThePasswordLetsIn() async throws {
        let postgres = server(folder.appending(path: "data"))
        let url = try await postgres.start()
        var parts = try XCTUnwrap(URLComponents(string: url))
        XCTAssertEqual(parts.host, "127.0.0.1")
        parts.password = "guess"
        let pool = try PostgresPool(url: try XCTUnwrap(parts.string))
        do {
            _ = try await pool.query("SELECT 1")
            XCTFail("a wrong password was accepted")
        } catch {
            XCTAssertEqual(error.code, .cannotConnect)
        }
        await postgres.stop()
    }

    func testTheSameDataAreNotServedTwice() async throws {
        let data = folder.appending(path: "data")
        let first = server(data)
        _ = try await first.start()
        do {
            _ = try await server(data).start()
            XCTFail("a second server started on the same data")
        } catch {
            XCTAssertEqual(error.code, .inUse)
        }
        await first.stop()
    }

    func testAMissingInstallationNamesTheCommand() async throws {
        do {
            _ = try await EmbeddedPostgres(installation: folder, data: folder).start()
            XCTFail("there is nothing to start")
        } catch {
            XCTAssertEqual(error.code, .notInstalled)
            XCTAssertTrue(error.message.hasSuffix("run scripts/bootstrap"))
        }
    }

    func testItRecoversFromACrashOfTheServer() async throws {
        let postgres = server(folder.appending(path: "data"))
        try await use(try await postgres.start()) { try await $0.execute("CREATE TABLE t AS SELECT 1 AS n") }
        // Leaves its pid file behind, as kill -9 does.
        postgres.stopImmediately()
        try await use(try await postgres.start()) { pool in
            let count = try await pool.query("SELECT n FROM t").count
            XCTAssertEqual(count, 1)
        }
        await postgres.stop()
    }

    /// The owner was killed, and the server did not notice.
    func testAServerThatOutlivedItsOwnerIsStopped() async throws {
        let data = folder.appending(path: "data")
        let postgres = server(data)
        try await use(try await postgres.start()) { try await $0.execute("CREATE TABLE t ()") }
        await postgres.stop()

        var owner = stat()
        stat(data.path, &owner)
        let user = geteuid() == 0 ? ["setpriv", "--reuid=\(owner.st_uid)", "--clear-groups"] : []
        let orphan = try ChildProcess(
            user + [
                installation.path + "/bin/postgres", "-D", data.path + "/cluster", "-c", "listen_addresses=",
                "-c", "unix_socket_directories=" + data.path + "/cluster",
            ])
        let file = data.path + "/cluster/postmaster.pid"
        while orphan.isRunning, (try? String(contentsOfFile: file, encoding: .utf8))?.contains("ready") != true {
            await Task.yield()
        }
        XCTAssertTrue(orphan.isRunning)

        try await use(try await postgres.start()) { pool in
            let row = try await pool.query("SELECT to_regclass('t')::text").first
            XCTAssertEqual(try XCTUnwrap(row).decode(String?.self), "t")
        }
        XCTAssertFalse(orphan.isRunning)
        await postgres.stop()
    }

    /// A pid file may name a process of someone else by now; after a reboot of a container it often does.
    func testAPidFileThatNamesAStrangerIsNoHindrance() async throws {
        let data = folder.appending(path: "data")
        let postgres = server(data)
        _ = try await postgres.start()
        await postgres.stop()
        let file = data.appending(path: "cluster/postmaster.pid")
        try Data("\(getpid())\n\(data.path)/cluster\n0\n1\n\n\n0\nready\n".utf8).write(to: file)
        try await use(try await postgres.start()) { try await $0.execute("SELECT 1") }
        await postgres.stop()
    }

    /// Only root can see it: everyone else runs the server as itself.
    func testFoldersThatAreClosedToTheServersUserAreCopiedAside() async throws {
        let closed = folder.appending(path: "closed")
        try FileManager.default.createDirectory(
            at: closed, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let copy = closed.appending(path: "18")
        if geteuid() == 0 {
            try FileManager.default.copyItem(at: installation.resolvingSymlinksInPath(), to: copy)
        } else {
            try FileManager.default.createSymbolicLink(at: copy, withDestinationURL: installation)
        }
        let before = try leftAside()
        let postgres = server(closed.appending(path: "data"), installation: copy)
        try await use(try await postgres.start()) { try await $0.execute("CREATE TABLE t ()") }
        await postgres.stop()
        try await use(try await postgres.start()) { pool in
            let count = try await pool.query("SELECT to_regclass('t')::text").first?.decode(String?.self)
            XCTAssertEqual(count, "t")
        }
        await postgres.stop()
        let made = try leftAside().subtracting(before)
        XCTAssertEqual(made.count, geteuid() == 0 ? 2 : 0)
        for name in made { try FileManager.default.removeItem(atPath: "/var/tmp/\(name)") }
    }

    /// A server that does not wait for the disk.
    private func server(_ data: URL, installation: URL? = nil) -> EmbeddedPostgres {
        EmbeddedPostgres(installation: installation ?? self.installation, data: data, settings: ["fsync": "off"])
    }

    private func leftAside() throws -> Set<String> {
        Set(
            try FileManager.default.contentsOfDirectory(atPath: "/var/tmp").filter {
                $0.hasPrefix("leadwright-postgres-")
            })
    }

    private func use(_ url: String, _ body: (PostgresPool) async throws -> Void) async throws {
        let pool = try PostgresPool(url: url, size: 1)
        try await body(pool)
        await pool.close()
    }
}
