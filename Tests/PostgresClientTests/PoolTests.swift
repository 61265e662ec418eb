import Foundation
import PostgresClient
import Synchronization
import TestSupport
import XCTest

/// Who gets a connection, and when.
final class PoolTests: XCTestCase {
    func testTheQueueIsServedInOrder() {
        var state = PoolState<String, String>(size: 1)
        guard case .go(.open) = state.request() else { return XCTFail("the first opens a connection") }
        for waiter in ["one", "two"] {
            guard case .wait = state.request() else { return XCTFail("the others wait") }
            state.enqueue(waiter, id: waiter == "one" ? 1 : 2)
        }
        guard case .wake("one", .use("a")) = state.giveBack("a") else { return XCTFail("first come, first served") }
        guard case .wait = state.request() else { return XCTFail("a newcomer goes behind") }
        guard case .wake("two", .use("a")) = state.giveBack("a") else { return XCTFail("then the second") }
        guard case .keep = state.giveBack("a") else { return XCTFail("nobody waits") }
        guard case .go(.use("a")) = state.request() else { return XCTFail("the idle one is used again") }
    }

    func testALostConnectionsPlaceGoesToWhoWaits() {
        var state = PoolState<String, String>(size: 1)
        _ = state.request()
        _ = state.request()
        state.enqueue("one", id: 1)
        guard case .wake("one", .open) = state.lose() else { return XCTFail("it may open another") }
        guard case .keep = state.lose() else { return XCTFail("nobody waits") }
        guard case .go(.open) = state.request() else { return XCTFail("the place is free again") }
    }

    func testAWaiterMayLeaveAndClosingRefusesTheRest() {
        var state = PoolState<String, String>(size: 2)
        _ = state.request()
        _ = state.request()
        for id in 1...3 as ClosedRange<UInt64> { state.enqueue("waiter \(id)", id: id) }
        XCTAssertEqual(state.withdraw(id: 2), "waiter 2")
        XCTAssertNil(state.withdraw(id: 2))
        let (idle, waiters) = state.close()
        XCTAssertEqual(idle, [])
        XCTAssertEqual(waiters, ["waiter 1", "waiter 3"])
        guard case .close("a") = state.giveBack("a") else { return XCTFail("it is closed when it comes back") }
        guard case .closed = state.request() else { return XCTFail("nobody gets in") }
    }

    func testMoreTasksThanConnectionsAllGetTheirTurn() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = try PostgresPool(url: database.url, size: 2)
        let processes = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { try await pool.query("SELECT pg_backend_pid()").first?.decode(Int.self) ?? 0 }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        XCTAssertLessThanOrEqual(processes.count, 2)
        await pool.close()
        await database.drop()
    }

    func testWaitingEndsByTimeByCancellationAndByClosing() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = try PostgresPool(url: database.url, size: 1, waitTimeout: .milliseconds(50))
        try await pool.withConnection { _ in
            await assertThrows(.timeout) { try await pool.query("SELECT 1") }
        }
        let patient = try PostgresPool(url: database.url, size: 1)
        try await patient.withConnection { _ in
            let waiting = Task { try await patient.query("SELECT 1") }
            waiting.cancel()
            await assertThrows(.cancelled) { try await waiting.value }
            let refused = Task { try await patient.query("SELECT 1") }
            await patient.close()
            await assertThrows(.poolClosed) { try await refused.value }
        }
        await assertThrows(.poolClosed) { try await patient.query("SELECT 1") }
        await pool.close()
        await database.drop()
    }

    func testAConnectionLeftInATransactionIsNotLentAgain() async throws {
        let database = try await TestDatabase.makeEmpty()
        let pool = try PostgresPool(url: database.url, size: 1)
        try await pool.withConnection { connection in
            try await connection.execute("BEGIN")
            try await connection.execute("CREATE TABLE t ()")
        }
        let row = try await pool.query("SELECT to_regclass('t') IS NULL").first
        XCTAssertEqual(try XCTUnwrap(row).decode(Bool.self), true)
        await pool.close()
        await database.drop()
    }
}
