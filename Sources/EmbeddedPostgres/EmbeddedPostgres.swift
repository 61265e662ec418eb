import ChildProcesses
public import Foundation
import PostgresClient
import Synchronization

/// A private Postgres server for trying, developing and testing: no set-up, no account, no root, fsync on.
///
/// ```swift
/// let postgres = EmbeddedPostgres(installation: root.appending(path: ".local/postgres/18"), data: folder)
/// let pool = try PostgresPool(url: try await postgres.start())
/// …
/// await postgres.stop()
/// ```
///
/// It listens on a free port of the loopback only, behind a random password, and keeps its data between starts. When we
/// are root it runs as `postgres` or `nobody`. After `kill -9` of its owner the next start recovers.
public final class EmbeddedPostgres: Sendable {
    private struct Running {
        let child: ChildProcess
        let lock: FileHandle
    }

    private let installation: URL
    private let data: URL
    private let port: UInt16?
    private let settings: [String: String]
    private let diesWithParent: Bool
    private let running = Mutex<Running?>(nil)

    /// - Parameters:
    ///   - installation: The folder with `bin`, `lib` and `share` of Postgres 17 or later.
    ///   - data: The folder for the cluster, made when it is missing. If the server's user cannot reach it, a folder in
    ///     /var/tmp takes its place.
    ///   - port: The port on the loopback; a free one at each start if it is `nil`.
    ///   - settings: Server settings beside or instead of the usual ones.
    ///   - diesWithParent: Whether the server shuts down when this process dies in whatever way.
    public init(
        installation: URL, data: URL, port: UInt16? = nil, settings: [String: String] = [:], diesWithParent: Bool = true
    ) {
        self.installation = installation
        self.data = data
        self.port = port
        self.settings = settings
        self.diesWithParent = diesWithParent
    }

    /// Starts the server and returns the URL of the database `leadwright` in it, with the password: never log it.
    ///
    /// The first start takes about a second, later ones a fifth of it.
    ///
    /// - Throws: ``EmbeddedPostgresError``.
    public func start() async throws(EmbeddedPostgresError) -> String {
        let user = try ServerUser()
        let folders = try await ServerFolders(installation: installation, data: data, user: user)
        let lock = try takeLock(folders.lock)
        let log = try openLog(folders.log)
        let cluster = Cluster(folders: folders, user: user)
        let password = try await cluster.initialize(log: log, synchronized: settings["fsync"] != "off")
        try await cluster.recover()

        for _ in 1...3 {
            let port = if let port { port } else { try freePort() }
            let child = try user.start(
                serverArguments(folders, port: port), log: .file(log), diesWithParent: diesWithParent)
            let server = "postgresql://leadwright:\(password)@127.0.0.1:\(port)/"
            if try await answers(child, server + "postgres") {
                running.withLock { $0 = Running(child: child, lock: lock) }
                return server + "leadwright"
            }
            // Someone took the port first, or processes of a killed server still hold its shared memory.
            try? await Task.sleep(for: .milliseconds(200))
        }
        throw EmbeddedPostgresError(.startFailed, "the server ended at once; see \(folders.log)")
    }

    /// Shuts the server down: open transactions are rolled back, and everything committed is on disk.
    public func stop() async {
        guard let running = take() else { return }
        running.child.signal(SIGINT)
        let impatience = Task {
            // Only a server that hangs gets here.
            try await Task.sleep(for: .seconds(30))
            running.child.signal(SIGQUIT)
            try await Task.sleep(for: .seconds(5))
            running.child.signal(SIGKILL)
        }
        await running.child.end()
        impatience.cancel()
        try? running.lock.close()
    }

    /// Ends the server at once, as a crash would, and blocks until it is gone: for `atexit`, and data about to be
    /// thrown away.
    public func stopImmediately() {
        guard let running = take() else { return }
        running.child.signal(SIGQUIT)
        if running.child.blockUntilEnd(within: .seconds(10)) == nil { running.child.signal(SIGKILL) }
        try? running.lock.close()
    }

    private func take() -> Running? {
        running.withLock { running in
            defer { running = nil }
            return running
        }
    }

    private func serverArguments(_ folders: ServerFolders, port: UInt16) -> [String] {
        var all = [
            "listen_addresses": "127.0.0.1", "port": "\(port)", "unix_socket_directories": "",
            // Details and statements quote values, and the log is no place for them.
            "log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_timezone": "UTC",
        ]
        all.merge(settings) { _, wanted in wanted }
        return [folders.installation + "/bin/postgres", "-D", folders.cluster]
            + all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    /// Waits until the server takes connections; false when it ended instead.
    private func answers(_ child: ChildProcess, _ url: String) async throws(EmbeddedPostgresError) -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while child.isRunning {
            do throws(PostgresError) {
                try await createDatabase(url)
                return true
            } catch {
                guard error.isUnavailable, ContinuousClock.now < deadline else {
                    child.signal(SIGINT)
                    throw EmbeddedPostgresError(.startFailed, "the server does not serve us", underlying: error)
                }
            }
            // The server tells nobody when it is ready; asking costs it a fork.
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    private func createDatabase(_ url: String) async throws(PostgresError) {
        let pool = try PostgresPool(url: url, size: 1)
        let exists = try await pool.query("SELECT FROM pg_database WHERE datname = 'leadwright'")
        if exists.isEmpty { try await pool.execute("CREATE DATABASE leadwright") }
        await pool.close()
    }

    private func takeLock(_ path: String) throws(EmbeddedPostgresError) -> FileHandle {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw EmbeddedPostgresError(.unusableFolder, "cannot write \(path)") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // The kernel lets go of it when its holder dies in whatever way.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw EmbeddedPostgresError(.inUse, "another process uses \(data.path); stop it or name another folder")
        }
        return file
    }

    private func openLog(_ path: String) throws(EmbeddedPostgresError) -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw EmbeddedPostgresError(.unusableFolder, "cannot write \(path)") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
