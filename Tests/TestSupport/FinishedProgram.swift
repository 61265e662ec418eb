import ChildProcesses
import Dispatch
import Foundation
import Synchronization

/// A program that was run to its end.
public struct FinishedProgram: Sendable {
    /// How it ended; as a shell has it, 128 and the signal's number if one ended it.
    public let status: Int32
    /// What it printed.
    public let output: String
    /// What it complained about.
    public let complaints: String

    /// Runs it, and kills it after five minutes.
    ///
    /// - Parameters:
    ///   - arguments: Its path or name, and its arguments.
    ///   - input: What it reads.
    ///   - environment: All of its variables; those of the tests if it is `nil`.
    public init(_ arguments: [String], input: String = "", environment: [String: String]? = nil) throws {
        let process = try ChildProcess(
            arguments, environment: environment, input: .pipe, output: .pipe, errors: .pipe)
        let impatience = DispatchWorkItem { process.signal(SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 300, execute: impatience)
        defer { impatience.cancel() }
        // Both at once: a program that fills a pipe that nobody empties never ends.
        let errors = Mutex(Data())
        let areRead = DispatchGroup()
        DispatchQueue.global().async(group: areRead) {
            let all = try? process.errors?.readToEnd()
            errors.withLock { $0 = all ?? Data() }
        }
        try process.input?.write(contentsOf: Data(input.utf8))
        try process.input?.close()
        output = String(decoding: try process.output?.readToEnd() ?? Data(), as: UTF8.self)
        areRead.wait()
        complaints = errors.withLock { String(decoding: $0, as: UTF8.self) }
        status =
            switch process.blockUntilEnd() {
            case .exited(let status): status
            case .killed(let signal): 128 + signal
            case nil: -1
            }
    }
}
