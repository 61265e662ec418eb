import XCTest

import PostgresClient

/// When a session prepares a statement, and when it plans it anew.
final class PreparedStatementsTests: XCTestCase {
    private let start = ContinuousClock.now

    func testAStatementIsPreparedWhenItComesAgain() {
        var statements = PreparedStatements()
        XCTAssertEqual(statements.way(of: "SELECT $1", at: start), .once)
        XCTAssertEqual(statements.way(of: "SELECT $1", at: start), .plan("leadwright_1", instead: nil))
        XCTAssertEqual(statements.way(of: "SELECT $1", at: start), .planned("leadwright_1"))
        XCTAssertEqual(statements.way(of: "SELECT $2", at: start), .once)
    }

    func testAPlanIsMadeAnewAfterTenSecondsAndASlowOneAfterOne() {
        var statements = PreparedStatements()
        for _ in 0..<2 { _ = statements.way(of: "SELECT $1", at: start) }
        statements.ran("SELECT $1", for: .milliseconds(1))
        XCTAssertEqual(statements.way(of: "SELECT $1", at: start + .seconds(9)), .planned("leadwright_1"))
        XCTAssertEqual(
            statements.way(of: "SELECT $1", at: start + .seconds(10)), .plan("leadwright_2", instead: "leadwright_1"))
        statements.ran("SELECT $1", for: .milliseconds(51))
        XCTAssertEqual(statements.way(of: "SELECT $1", at: start + .seconds(10.5)), .planned("leadwright_2"))
        XCTAssertEqual(
            statements.way(of: "SELECT $1", at: start + .seconds(11)), .plan("leadwright_3", instead: "leadwright_2"))
    }

    func testWhatCannotBePreparedIsTriedAgain() {
        var statements = PreparedStatements()
        for _ in 0..<2 { _ = statements.way(of: "SELEKT $1", at: start) }
        statements.failed("SELEKT $1")
        XCTAssertEqual(statements.way(of: "SELEKT $1", at: start), .plan("leadwright_2", instead: nil))
    }

    func testTheRestIsPlannedEachTime() {
        var statements = PreparedStatements()
        for number in 0..<PreparedStatements.limit { _ = statements.way(of: "SELECT \(number)", at: start) }
        for _ in 0..<3 { XCTAssertEqual(statements.way(of: "SELECT 'one more'", at: start), .once) }
    }
}
