import ChildProcesses
import Foundation

/// A process of this program's own, started by the demo and ended with it.
final class DemoProcess {
    /// What it was started for, in a word: `gateway`.
    let name: String
    private let process: ChildProcess
    private let lines: Lines?

    /// Starts `leadwright ARGUMENTS…`; its log goes to a file. A service is also told `--with-parent`: it ends when this
    /// process does, however that ends, because its standard input closes then.
    init(
        _ name: String, _ arguments: [String], isService: Bool, environment: [String: String], logs: URL
    ) throws {
        self.name = name
        let log = logs.appending(path: "\(name).log")
        try Data().write(to: log)
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
        process = try ChildProcess(
            [program] + arguments + (isService ? ["--with-parent"] : []), environment: environment, input: .pipe,
            output: .pipe, errors: .file(FileHandle(forWritingTo: log)))
        lines = process.output.map(Lines.init(of:))
    }

    /// The next line that the process prints. Blocks until it does.
    ///
    /// - Throws: ``CommandError`` when it ends first; the message names its log.
    func line() throws -> String {
        guard let line = lines?.next() else {
            throw CommandError.failed("\(name) ended before it was ready; see its log in .local/demo/logs/\(name).log")
        }
        return line
    }

    /// Whether it has not ended.
    var isRunning: Bool { process.isRunning }

    /// Waits until it has done its work.
    ///
    /// - Throws: ``CommandError`` when it failed; the message names its log.
    func finish() throws {
        while lines?.next() != nil {}
        guard process.blockUntilEnd() == .exited(0) else {
            throw CommandError.failed("\(name) failed; see .local/demo/logs/\(name).log")
        }
    }

    /// Closes its standard input, which tells a service to stop, and waits until it has.
    func stop() {
        try? process.input?.close()
        process.blockUntilEnd()
    }
}
