import ChildProcesses
import Foundation
import XCTest

final class LinesTests: XCTestCase {
    func testALineIsToldAsSoonAsItIsWhole() throws {
        // The second part of the first line comes when we have sent for it.
        let child = try ChildProcess(
            ["sh", "-c", "printf 'one\ntwo'; read word; echo \" $word\"; printf rest"], input: .pipe, output: .pipe)
        let lines = Lines(of: try XCTUnwrap(child.output))
        XCTAssertEqual(lines.next(), "one")
        try child.input?.write(contentsOf: Data("three\n".utf8))
        XCTAssertEqual(lines.next(), "two three")
        XCTAssertNil(lines.next(), "what has no end is no line")
        XCTAssertNil(lines.next())
    }
}
