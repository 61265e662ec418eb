import Failpoints
import Foundation

/// A service of the installation, kept running as an init system does: whatever ends it, it is started again.
actor Service {
    private let name: String
    private var arguments: [String]
    private let environment: [String: String]
    /// Where its next runs are to die, one after the other; later runs are not.
    private var failpoints: [String]
    private let log: FileHandle
    private var process: ServiceProcess?
    private var keeper: Task<Void, Never>?
    private var isStopped = false
    /// How often it was killed, by us or by itself at a failpoint.
    private(set) var deaths = 0

    /// - Parameter failpoints: What `LEADWRIGHT_FAILPOINT` says in its first runs: `write.answered:2`.
    init(
        _ name: String, _ arguments: [String], environment: [String: String], failpoints: [String] = [], logs: URL
    ) throws {
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.failpoints = failpoints
        let file = logs.appending(path: "\(name).log")
        try Data().write(to: file)
        log = try FileHandle(forWritingTo: file)
    }

    /// Starts it.
    ///
    /// - Returns: the line that it prints once it serves.
    func start() async throws -> String {
        let process = try launch()
        guard let line = await process.firstLine() else { throw ChaosError("\(name) ended before it was ready") }
        keeper = Task { await keep(process) }
        return line
    }

    /// What its later runs are told instead.
    func restartWith(_ arguments: [String]) { self.arguments = arguments }

    /// `kill -9`.
    func kill() { process?.kill() }

    /// Ends it for good.
    func stop() async {
        isStopped = true
        process?.kill()
        await keeper?.value
    }

    private func keep(_ first: ServiceProcess) async {
        var running = first
        while true {
            let wasKilled = await running.end()
            if isStopped { return }
            if wasKilled {
                deaths += 1
            } else {
                // It ended by itself because its database is away. An init system waits, too.
                try? await Task.sleep(for: .milliseconds(100))
                if isStopped { return }
            }
            guard let next = try? launch() else { return }
            running = next
        }
    }

    private func launch() throws -> ServiceProcess {
        var environment = environment
        if !failpoints.isEmpty { environment[Failpoint.variable] = failpoints.removeFirst() }
        let started = try ServiceProcess(arguments, environment: environment, log: log)
        process = started
        return started
    }
}
