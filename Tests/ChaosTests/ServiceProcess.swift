import ChildProcesses
import Foundation
import TestSupport

/// One run of a service of the built `leadwright`. It ends with the tests, however they end: its standard input closes
/// then.
final class ServiceProcess: Sendable {
    private let process: ChildProcess
    private let lines: AsyncStream<String>

    /// Starts `leadwright ARGUMENTS…`; what it complains about goes to the log.
    init(_ arguments: [String], environment: [String: String], log: FileHandle) throws {
        let process = try ChildProcess(
            [BuiltCommand.url.path] + arguments + ["--with-parent"], environment: environment, input: .pipe,
            output: .pipe, errors: .file(log))
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        (self.process, self.lines) = (process, lines)
        Thread.detachNewThread {
            if let output = process.output {
                let printed = Lines(of: output)
                while let next = printed.next() { line.yield(next) }
            }
            line.finish()
        }
    }

    /// The first line that it prints; `nil` when it ends before. Ask once.
    func firstLine() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Returns when it has ended, and whether SIGKILL ended it.
    func end() async -> Bool { await process.end() == .killed(SIGKILL) }

    /// Ends it at once, wherever it is.
    func kill() { process.signal(SIGKILL) }
}
