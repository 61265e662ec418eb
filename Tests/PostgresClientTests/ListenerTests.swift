import Foundation
import PostgresClient
import TestSupport
import XCTest

/// Notifications, also across a broken connection.
final class ListenerTests: XCTestCase {
    func testNotificationsComeAndListeningStartsAgainAfterABreak() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = database.pool
        var events = pool.listen(to: ["jobs", "odd \"name\""]).makeAsyncIterator()
        let started = await events.next()
        XCTAssertEqual(started, .listening)
        try await pool.execute("SELECT pg_notify('jobs', 'a'), pg_notify('odd \"name\"', '')")
        let first = await events.next()
        XCTAssertEqual(first, .notification(PostgresNotification(channel: "jobs", payload: "a")))
        let second = await events.next()
        XCTAssertEqual(second, .notification(PostgresNotification(channel: "odd \"name\"", payload: "")))

        try await pool.execute(
            """
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'
            """)
        let again = await events.next()
        XCTAssertEqual(again, .listening)
        try await pool.execute("SELECT pg_notify('jobs', 'b')")
        let third = await events.next()
        XCTAssertEqual(third, .notification(PostgresNotification(channel: "jobs", payload: "b")))
        await database.drop()
    }

    func testItEndsWithItsTask() async throws {
        let database = try await TestDatabase.makeEmpty()
        let (started, signal) = AsyncStream<Void>.makeStream()
        let task = Task {
            for await _ in database.pool.listen(to: ["jobs"]) { signal.yield() }
        }
        for await _ in started { break }
        task.cancel()
        await task.value
        await database.drop()
    }
}
