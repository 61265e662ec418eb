import EmbeddedPostgres
import Foundation
import PostgresClient
import TestSupport
import XCTest

/// URLs that are wrong, servers that are away, and servers that come back.
final class ConnectingTests: XCTestCase {
    func testAnUnreadableURLIsRefusedWithoutBeingQuoted() {
        for url in ["s3cret", "postgresql//ann:s3cret@host/x", "postgresql://ann:s3cret@host/x?nonsense=1"] {
            XCTAssertThrowsError(try PostgresPool(url: url)) { error in
                XCTAssertEqual((error as? PostgresError)?.code, .invalidURL)
                XCTAssertFalse("\(error)".contains("s3cret"), "\(error)")
            }
        }
    }

    func testTheirPasswordIsNowhereToBeSeen() async throws {
        // Nobody listens on the discard port.
        let pool = try PostgresPool(url: "postgresql://ann:s3cret@127.0.0.1:9/leads")
        XCTAssertEqual(pool.place, "ann@127.0.0.1:9/leads")
        let error = await assertThrows(.cannotConnect) { try await pool.query("SELECT 1") }
        XCTAssertEqual(error?.isUnavailable, true)
        var text = "\(try XCTUnwrap(error)) \(pool)"
        dump(error, to: &text)
        dump(pool, to: &text)
        XCTAssertFalse(text.contains("s3cret"), text)
    }

    func testAConnectionThatTheServerClosedIsReplacedUnnoticed() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = try PostgresPool(url: database.url, size: 1)
        for _ in 0..<3 {
            let process: Int =
                try await pool.query("SELECT pg_backend_pid()").first.map { try $0.decode(Int.self) } ?? 0
            // Waits until the backend is gone.
            try await database.pool.execute("SELECT pg_terminate_backend($1, 10000)", [process])
            let row = try await pool.query("SELECT 1").first
            XCTAssertEqual(try XCTUnwrap(row).decode(Int.self), 1)
        }
        await pool.close()
        await database.drop()
    }

    func testALostConnectionFailsItsStatementOnly() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = database.pool
        let error = await assertThrows(.connectionLost) {
            try await pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        XCTAssertEqual(error?.sqlState, "57P01")
        let row = try await pool.query("SELECT 1").first
        XCTAssertEqual(try XCTUnwrap(row).decode(Int.self), 1)
        await database.drop()
    }

    func testThePoolHealsAfterARestartOfTheServer() async throws {
        let folder = URL(filePath: "/var/tmp/leadwright-restart-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let installation = PackageRoot.url.appending(path: ".local/postgres/18")
        let first = EmbeddedPostgres(installation: installation, data: folder, settings: ["fsync": "off"])
        let url = try await first.start()
        let pool = try PostgresPool(url: url, size: 3)
        try await pool.execute("CREATE TABLE t AS SELECT 42 AS answer")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await pool.execute("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        await first.stop()
        await assertThrows(.cannotConnect) { try await pool.query("SELECT answer FROM t") }

        let port = try XCTUnwrap(URLComponents(string: url)?.port)
        let second = EmbeddedPostgres(installation: installation, data: folder, port: UInt16(port))
        let sameURL = try await second.start()
        XCTAssertEqual(sameURL, url)
        for _ in 0..<3 {
            let row = try await pool.query("SELECT answer FROM t").first
            XCTAssertEqual(try XCTUnwrap(row).decode(Int.self), 42)
        }
        await pool.close()
        await second.stop()
    }
}
