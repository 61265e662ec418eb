import Foundation
import PostgresClient
import Synchronization
import TestSupport
import XCTest

/// All or nothing, and again where the database asks for it.
final class TransactionTests: XCTestCase {
    private struct Failure: Error {}

    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }

        @discardableResult
        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private var database: TestDatabase?
    private var pool: PostgresPool { get throws { try XCTUnwrap(database).pool } }

    override func setUp() async throws {
        let database = try await TestDatabase.makeEmpty()
        self.database = database
        try await database.pool.execute("CREATE TABLE t (n bigint PRIMARY KEY, value text)")
    }

    override func tearDown() async throws { await database?.drop() }

    func testADeferredCommitIsForItsTransactionOnly() async throws {
        let pool = try pool
        let seen = try await pool.transaction(commit: .deferred) { connection in
            try await connection.query("SHOW synchronous_commit").first?.decode(String.self)
        }
        XCTAssertEqual(seen, "off")
        let after = try await pool.transaction { connection in
            try await connection.query([
                BoundStatement("INSERT INTO t VALUES (1)"), BoundStatement("SHOW synchronous_commit"),
            ]).map { try $0.first?.decode(String.self) }
        }
        XCTAssertEqual(after, [nil, "on"])
        try await pool.transaction(commit: .deferred) { _ in }
        let idle: String? = try await pool.query("SHOW synchronous_commit").first?.decode(String.self)
        XCTAssertEqual(idle, "on")
    }

    func testWhatIsSentRunsBeforeTheNextStatementAndBeforeTheCommit() async throws {
        let pool = try pool
        let seen = try await pool.transaction { connection in
            connection.send("INSERT INTO t VALUES ($1)", [1])
            let seen = try await connection.query("SELECT count(*) FROM t").first?.decode(Int.self)
            connection.send("INSERT INTO t VALUES ($1)", [2])
            return seen
        }
        XCTAssertEqual(seen, 1)
        let committed = try await pool.query("SELECT FROM t").count
        XCTAssertEqual(committed, 2)
    }

    func testWhatWasSentIsRolledBackWithItsTransaction() async throws {
        let pool = try pool
        for asksAfterwards in [false, true] {
            do {
                try await pool.transaction { connection in
                    connection.send("INSERT INTO t VALUES ($1)", [1])
                    if asksAfterwards { _ = try await connection.query("SELECT 1") }
                    connection.send("INSERT INTO t VALUES ($1)", [2])
                    throw Failure()
                }
                XCTFail("the transaction must throw what its body throws")
            } catch is Failure {}
        }
        let committed = try await pool.query("SELECT FROM t").count
        XCTAssertEqual(committed, 0)
    }

    /// A slow plan is made anew when it is a second old, and the statement is ahead of another then.
    func testWhatIsSentMayNeedANewPlan() async throws {
        let pool = try pool
        for number in 1...3 {
            if number == 3 { try await Task.sleep(for: .seconds(1)) }
            try await pool.transaction { connection in
                for key in [number, -number] {
                    connection.send("INSERT INTO t SELECT $1 FROM pg_sleep(0.06)", [key])
                }
            }
        }
        let committed = try await pool.query("SELECT FROM t").count
        XCTAssertEqual(committed, 6)
    }

    func testAnErrorOfWhatWasSentIsThrownByTheNextStatementOrTheCommit() async throws {
        let pool = try pool
        for asksAfterwards in [true, false] {
            do {
                try await pool.transaction { connection in
                    connection.send("INSERT INTO t VALUES ($1)", [1])
                    connection.send("INSERT INTO t VALUES ($1)", [1])
                    if asksAfterwards { _ = try await connection.query("SELECT 1") }
                }
                XCTFail("the key is taken")
            } catch let error as PostgresError {
                XCTAssertEqual(error.code, .uniqueViolation)
            }
        }
        let committed = try await pool.query("SELECT FROM t").count
        XCTAssertEqual(committed, 0)
    }

    func testItCommitsOrRollsBack() async throws {
        let pool = try pool
        try await pool.transaction { try await $0.execute("INSERT INTO t VALUES (1)") }
        do {
            try await pool.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (2)")
                throw Failure()
            }
            XCTFail("the body's error comes out")
        } catch is Failure {}
        try await assertNumbers([1])
    }

    func testAFailureThatTheBodyHidesIsNotACommit() async throws {
        let pool = try pool
        await assertThrows(.rolledBack) {
            try await pool.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (1)")
                _ = try? await connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        try await assertNumbers([])
    }

    func testASerializationFailureRunsTheBodyAgainUpToFiveTimes() async throws {
        let pool = try pool
        let attempts = Counter()
        let refuse: @Sendable (PostgresConnection) async throws -> Void = { connection in
            try await connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
        }
        try await pool.transaction { connection in
            let attempt = attempts.next()
            try await connection.execute("INSERT INTO t VALUES ($1)", [attempt])
            if attempt < 3 { try await refuse(connection) }
        }
        try await assertNumbers([3])

        let refused = Counter()
        await assertThrows(.serializationFailure) {
            try await pool.transaction { connection in
                refused.next()
                try await refuse(connection)
            }
        }
        XCTAssertEqual(refused.value, 5)
    }

    func testADeadlockIsResolvedByRunningAgain() async throws {
        let pool = try pool
        try await pool.execute("INSERT INTO t VALUES (1), (2)")
        let holders = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (first, second) in [(1, 2), (2, 1)] {
                group.addTask {
                    try await pool.transaction { connection in
                        try await connection.execute("UPDATE t SET value = 'x' WHERE n = $1", [first])
                        holders.next()
                        while holders.value < 2 { await Task.yield() }
                        try await connection.execute("UPDATE t SET value = 'x' WHERE n = $1", [second])
                    }
                }
            }
            try await group.waitForAll()
        }
        XCTAssertGreaterThan(holders.value, 2)
    }

    func testOneInsideAnotherIsRefused() async throws {
        let pool = try pool
        await assertThrows(.server) {
            try await pool.withConnection { connection in
                try await connection.execute("BEGIN")
                try await connection.transaction { _ in }
            }
        }
    }

    func testACancelledTaskRollsBack() async throws {
        let pool = try pool
        let task = Task {
            try await pool.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (1)")
                withUnsafeCurrentTask { $0?.cancel() }
                try await connection.execute("INSERT INTO t VALUES (2)")
            }
        }
        await assertThrows(.cancelled) { try await task.value }
        try await assertNumbers([])
    }

    private func assertNumbers(_ numbers: [Int64], line: UInt = #line) async throws {
        let rows = try await pool.query("SELECT n FROM t ORDER BY n")
        XCTAssertEqual(try rows.map { try $0.decode(Int64.self) }, numbers, line: line)
    }
}
