import ChildProcesses
import Dispatch
import Foundation
import Synchronization
import XCTest

final class ChildProcessTests: XCTestCase {
    func testWhatItReadsPrintsAndComplainsAbout() async throws {
        let child = try ChildProcess(
            ["sh", "-c", "read word; echo \"$word $NAME\"; echo no >&2; exit 3"],
            environment: ["NAME": "Ada"], input: .pipe, output: .pipe, errors: .pipe)
        try child.input?.write(contentsOf: Data("hello\n".utf8))
        XCTAssertEqual(try child.output?.readToEnd(), Data("hello Ada\n".utf8))
        XCTAssertEqual(try child.errors?.readToEnd(), Data("no\n".utf8))
        let ending = await child.end()
        XCTAssertEqual(ending, .exited(3))
        XCTAssertFalse(child.isRunning)
        // Whoever asks later is told, too.
        XCTAssertEqual(child.blockUntilEnd(), .exited(3))
    }

    func testAFileTakesItsOutput() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forWritingTo: url)
        let child = try ChildProcess(["sh", "-c", "echo one; echo two >&2"], output: .file(file), errors: .file(file))
        await child.end()
        XCTAssertEqual(try String(contentsOf: url, encoding: .utf8), "one\ntwo\n")
    }

    func testTheSignalThatEndedItIsTold() async throws {
        let child = try ChildProcess(["sleep", "1000"])
        XCTAssertNil(child.blockUntilEnd(within: .milliseconds(1)))
        child.signal(SIGTERM)
        let ending = await child.end()
        XCTAssertEqual(ending, .killed(SIGTERM))
        child.signal(SIGTERM)
    }

    /// Threads of the cooperative pool block most signals, and a child would inherit that.
    func testNoSignalIsBlocked() async throws {
        let child = try await Task.detached {
            try ChildProcess(["grep", "SigBlk", "/proc/self/status"], output: .pipe)
        }.value
        let text = String(decoding: try child.output?.readToEnd() ?? Data(), as: UTF8.self)
        XCTAssertEqual(text, "SigBlk:\t0000000000000000\n")
    }

    func testNoFileOfOursIsOpenInIt() throws {
        let ours = Pipe()
        defer { try? ours.fileHandleForWriting.close() }
        XCTAssertEqual(fcntl(ours.fileHandleForReading.fileDescriptor, F_SETFD, 0), 0)
        let child = try ChildProcess(["ls", "/proc/self/fd"], output: .pipe)
        let text = String(decoding: try child.output?.readToEnd() ?? Data(), as: UTF8.self)
        XCTAssertEqual(text, "0\n1\n2\n3\n", "its three, and the folder that it lists")
    }

    func testAProgramThatIsNotThere() {
        XCTAssertThrowsError(try ChildProcess(["/nowhere/at all"], output: .pipe)) { error in
            XCTAssertEqual((error as? ChildProcessError)?.code, .notStarted)
            XCTAssertEqual("\(error)", "not_started: cannot run /nowhere/at all: No such file or directory")
        }
    }

    /// Children that are started and killed at the same time hold nothing of each other: each one's end is seen, and what
    /// it prints ends with it alone.
    func testChildrenStartedTogetherHoldNothingOfEachOther() throws {
        let children = Mutex<[Int: ChildProcess]>([:])
        @Sendable func replace(_ place: Int) {
            if let old = children.withLock({ $0[place] }) {
                old.signal(SIGKILL)
                XCTAssertEqual(old.blockUntilEnd(within: .seconds(10)), .killed(SIGKILL))
                XCTAssertNil(try old.output?.readToEnd(), "something was printed")
            }
            let new = try? ChildProcess(["sleep", "1000"], input: .pipe, output: .pipe, errors: .pipe)
            children.withLock { $0[place] = new }
        }
        for _ in 0..<20 { DispatchQueue.concurrentPerform(iterations: 10, execute: replace) }
        let last = children.withLock { $0 }
        XCTAssertEqual(last.count, 10)
        for child in last.values {
            child.signal(SIGKILL)
            // The others live.
            XCTAssertEqual(child.blockUntilEnd(within: .seconds(10)), .killed(SIGKILL))
            XCTAssertNil(try child.output?.readToEnd(), "something was printed")
        }
    }
}
