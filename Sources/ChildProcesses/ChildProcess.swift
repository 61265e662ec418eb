public import Dispatch
public import Foundation
import Synchronization

/// A program that was started, and how it ended.
///
/// Not Foundation's `Process`, for two reasons. On Linux that closes in a child the files that were open when it looked,
/// so of children that start while others do, one may hold another's pipes, and the socket by which `Process` learns of
/// an end: of twenty that were killed and started again at random, about one in twenty stayed a zombie that nobody was
/// told of. And Linux sends a child its parent-death signal when the *thread* that started it ends, and the threads of
/// the cooperative pool end when they please. Here every other file is closed in the child itself, and one thread starts
/// the child, waits for it, and so lives as long as it does.
///
/// ```swift
/// let child = try ChildProcess(["psql", "--version"], output: .pipe)
/// let version = try child.output?.readToEnd()
/// guard await child.end() == .exited(0) else { … }
/// ```
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Ending: Sendable, Hashable {
        /// It exited with this status; 0 is success.
        case exited(Int32)
        /// This signal ended it.
        case killed(Int32)
    }

    /// Where one of a program's standard files leads.
    public enum Stream: Sendable {
        /// To `/dev/null`.
        case nowhere
        /// To an open file.
        case file(FileHandle)
        /// To us, by a pipe.
        case pipe
    }

    private enum State {
        case starting
        case running(pid_t)
        case ended(Ending)
    }

    /// What it reads, if its input is a pipe. It closes when this process ends, in whatever way.
    public let input: FileHandle?
    /// What it prints, if its output is a pipe.
    public let output: FileHandle?
    /// What it complains about, if its errors are a pipe.
    public let errors: FileHandle?

    private let state = Mutex(State.starting)
    private let ended = DispatchGroup()

    /// Starts a program in a process group of its own, so that the terminal's ^C does not reach it, with all signals as
    /// by default. Returns when it runs.
    ///
    /// - Parameters:
    ///   - arguments: The program's path, or its name to be looked for in `PATH`, and its arguments.
    ///   - environment: All of its variables; this process's own if it is `nil`.
    ///   - input: Its standard input.
    ///   - output: Its standard output.
    ///   - errors: Its standard error.
    /// - Throws: ``ChildProcessError``.
    public init(
        _ arguments: [String], environment: [String: String]? = nil, input: Stream = .nowhere,
        output: Stream = .nowhere, errors: Stream = .nowhere
    ) throws(ChildProcessError) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let standardInput = try StreamEnds(input, isInput: true)
        let standardOutput = try StreamEnds(output, isInput: false)
        let standardErrors = try StreamEnds(errors, isInput: false)
        self.input = standardInput.ours
        self.output = standardOutput.ours
        self.errors = standardErrors.ours

        let streams = [standardInput, standardOutput, standardErrors]
        let failure = Mutex<Int32>(0)
        let isStarted = DispatchSemaphore(value: 0)
        ended.enter()
        let thread = Thread { [self] in
            let (pid, problem) = spawn(
                arguments, environment: environment, files: streams.map { $0.theirs?.fileDescriptor })
            if problem == 0 { state.withLock { $0 = .running(pid) } }
            failure.withLock { $0 = problem }
            isStarted.signal()
            if problem == 0 { collect(pid) }
            ended.leave()
        }
        thread.name = "child process"
        thread.stackSize = 512 * 1024
        thread.start()
        isStarted.wait()
        // From here on the child alone holds its end of a pipe: with the child ends what we read.
        for stream in streams where stream.isPipe { try? stream.theirs?.close() }
        let problem = failure.withLock { $0 }
        guard problem == 0 else {
            throw ChildProcessError(
                .notStarted, "cannot run \(arguments.first ?? "nothing"): \(String(cString: strerror(problem)))")
        }
    }

    private func collect(_ pid: pid_t) {
        var information = siginfo_t()
        // The number stays taken until the child is collected under the lock: a signal never strikes a stranger.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        state.withLock { state in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            // As sys/wait.h has it: the lower seven bits are the signal.
            let signal = status & 0x7f
            state = .ended(signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal))
        }
    }

    /// How it ended; `nil` until it has.
    public var ending: Ending? {
        state.withLock { if case .ended(let ending) = $0 { ending } else { nil } }
    }

    /// Whether it has not ended.
    public var isRunning: Bool { ending == nil }

    /// Sends it a signal; does nothing when it has ended.
    public func signal(_ number: Int32) {
        state.withLock { if case .running(let pid) = $0 { kill(pid, number) } }
    }

    /// Waits until it has ended.
    @discardableResult
    public func end() async -> Ending {
        await withCheckedContinuation { continuation in
            ended.notify(queue: .global()) { continuation.resume() }
        }
        guard let ending else { preconditionFailure("the group is left once the ending is known") }
        return ending
    }

    /// Blocks until it has ended, for where nothing can suspend, as in handlers of `atexit`.
    ///
    /// - Returns: `nil` if the time was over before.
    @discardableResult
    public func blockUntilEnd(within limit: DispatchTimeInterval = .never) -> Ending? {
        _ = ended.wait(timeout: .now() + limit)
        return ending
    }
}
