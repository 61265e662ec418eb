import TestSupport
import XCTest

final class HelpTests: XCTestCase {
    func testTheOverviewNamesEveryCommandAndEachExplainsItself() throws {
        let overview = try BuiltCommand.run(["--help"])
        XCTAssertEqual(overview.status, 0)
        let names = overview.output.split(separator: "\n").filter { $0.hasPrefix("  ") }.map { line in
            line.dropFirst(2).prefix { $0 != "." }.split(separator: "  ")[0]
        }
        XCTAssertGreaterThan(names.count, 10, overview.output)
        for name in names {
            let help = try BuiltCommand.run(name.split(separator: " ").map(String.init) + ["--help"])
            XCTAssertEqual(help.status, 0, String(name))
            XCTAssertTrue(help.output.contains("usage: leadwright \(name)"), help.output)
        }
    }

    func testWhatIsNotUnderstoodExitsWith2AndSaysWhatIsMissing() throws {
        let cases: [([String], String)] = [
            (["frobnicate"], "no command \"frobnicate\""),
            (["worker", "--fast"], "unknown option --fast"),
            (["worker", "--lease", "0.5", "--model", "m", "--database-url", "postgres://x"], "--lease needs 1 second"),
            (["worker", "--texts", "0", "--model", "m", "--database-url", "postgres://x"], "--texts needs a number"),
            (["migrate"], "--database-url is needed (or set DATABASE_URL)"),
            (["gateway", "--database-url"], "--database-url needs a value"),
            (["migrate", "--database-url", "postgres://x", "extra"], "unexpected \"extra\""),
        ]
        for (arguments, complaint) in cases {
            let run = try BuiltCommand.run(arguments)
            XCTAssertEqual(run.status, 2, "\(arguments)")
            XCTAssertTrue(run.complaints.contains(complaint), "\(arguments): \(run.complaints)")
        }
    }

    func testAFailureExitsWith1AndNeverShowsThePassword() throws {
        let run = try BuiltCommand.run(["migrate", "--database-url", "postgres://me:s3cret@127.0.0.1:1/none"])
        XCTAssertEqual(run.status, 1)
        XCTAssertFalse(run.complaints.contains("s3cret"), run.complaints)
        XCTAssertTrue(run.complaints.contains("cannot_connect"), run.complaints)
    }
}
