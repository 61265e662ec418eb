import Dispatch
import Foundation
import Synchronization

/// A program that was started, and how it ended.
///
/// Not Foundation's `Process`: Linux sends a child its parent-death signal when the *thread* that started it ends, and
/// the threads of the cooperative pool end when they please. Here one thread starts the child, waits for it, and so
/// lives as long as the child does.
final class ChildProcess: Sendable {
    private enum State {
        case running(pid_t)
        case ended(status: Int32)
    }

    private let state: Mutex<State>
    private let ended = DispatchGroup()

    /// Starts a program by its path, in a process group of its own, so that the terminal's ^C does not reach it.
    ///
    /// - Parameters:
    ///   - arguments: The program's path, and its arguments.
    ///   - log: An open file for its output.
    static func start(
        _ arguments: [String], log: FileHandle
    ) async throws(EmbeddedPostgresError) -> ChildProcess {
        let started = await withCheckedContinuation { continuation in
            let thread = Thread {
                let (pid, problem) = spawn(arguments, output: log.fileDescriptor)
                guard problem == 0 else {
                    continuation.resume(
                        returning: Result<ChildProcess, EmbeddedPostgresError>.failure(
                            EmbeddedPostgresError(
                                .startFailed, "cannot run \(arguments[0]): \(String(cString: strerror(problem)))")))
                    return
                }
                let child = ChildProcess(pid)
                continuation.resume(returning: .success(child))
                child.reap(pid)
            }
            thread.name = "postgres server"
            thread.stackSize = 512 * 1024
            thread.start()
        }
        return try started.get()
    }

    private init(_ pid: pid_t) {
        state = Mutex(.running(pid))
        ended.enter()
    }

    private func reap(_ pid: pid_t) {
        var information = siginfo_t()
        // The number stays taken until the child is collected under the lock: a signal never strikes a stranger.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        state.withLock { state in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            state = .ended(status: status)
        }
        ended.leave()
    }

    /// Whether it has not ended.
    var isRunning: Bool {
        state.withLock { if case .running = $0 { true } else { false } }
    }

    /// Sends it a signal; does nothing when it has ended.
    func signal(_ number: Int32) {
        state.withLock { if case .running(let pid) = $0 { kill(pid, number) } }
    }

    /// Waits until it has ended.
    ///
    /// - Returns: Whether it exited with status 0.
    @discardableResult
    func exit() async -> Bool {
        await withCheckedContinuation { continuation in
            ended.notify(queue: .global()) { continuation.resume() }
        }
        return state.withLock { if case .ended(0) = $0 { true } else { false } }
    }

    /// Blocks until it has ended or the time is over, for handlers of `atexit` that cannot suspend.
    ///
    /// - Returns: Whether it has ended.
    func waitBlocking(_ limit: DispatchTimeInterval) -> Bool {
        ended.wait(timeout: .now() + limit) == .success
    }
}

/// Starts a program with no input, its output in one file, no other file open and all signals as by default.
private func spawn(_ arguments: [String], output: Int32) -> (pid: pid_t, problem: Int32) {
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&files, output, 1)
    posix_spawn_file_actions_adddup2(&files, output, 2)
    // A listening socket of ours that is not marked close-on-exec would stay taken as long as the server lives.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in open.compactMap({ Int32($0) }) where descriptor > 2 {
        posix_spawn_file_actions_addclose(&files, descriptor)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    // The user's PGOPTIONS and the like are for their own databases.
    let variables = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"]
    var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
    defer { for entry in environment { free(entry) } }
    var pid: pid_t = 0
    let problem = posix_spawnp(&pid, arguments[0], &files, &attributes, &words, &environment)
    return (pid, problem)
}
