import ChildProcesses
import Foundation

/// The files of one database cluster: made once, and freed from a server that was left behind.
struct Cluster {
    private let folders: ServerFolders
    private let user: ServerUser

    init(folders: ServerFolders, user: ServerUser) {
        self.folders = folders
        self.user = user
    }

    /// Runs `initdb` unless it has been run, and returns the superuser's password.
    ///
    /// A random password guards the server also on the loopback, which every user of the machine reaches. It has 256
    /// bits, so stretching it (SCRAM's iterations) would cost time and add nothing.
    func initialize(log: FileHandle, synchronized: Bool) async throws(EmbeddedPostgresError) -> String {
        if access(folders.cluster + "/PG_VERSION", F_OK) == 0,
            let password = try? String(contentsOfFile: folders.password, encoding: .utf8)
        {
            return password
        }
        let password = (0..<4).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let unfinished = folders.cluster + ".new"
        do {
            try? FileManager.default.removeItem(atPath: unfinished)
            try? FileManager.default.removeItem(atPath: folders.password)
            guard
                FileManager.default.createFile(
                    atPath: folders.password, contents: Data(password.utf8), attributes: [.posixPermissions: 0o600]),
                user.own(folders.password)
            else { throw EmbeddedPostgresError(.unusableFolder, "cannot write \(folders.password)") }
        }
        let initdb = try user.start(
            [
                folders.installation + "/bin/initdb", "--pgdata=\(unfinished)", "--username=leadwright",
                "--pwfile=\(folders.password)", "--auth=scram-sha-256", "--set=scram_iterations=1",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8",
            ] + (synchronized ? [] : ["--no-sync"]), log: .file(log), diesWithParent: true)
        // Renamed as a whole: an initdb that was killed half-way leaves no cluster behind.
        guard await initdb.end() == .exited(0), rename(unfinished, folders.cluster) == 0 else {
            throw EmbeddedPostgresError(.initializationFailed, "initdb failed; see \(folders.log)")
        }
        return password
    }

    /// Stops a server that outlived its owner, and removes the pid file of one that did not.
    ///
    /// Call it only while holding the lock of the home folder: then no living owner has a server here.
    func recover() async throws(EmbeddedPostgresError) {
        let file = folders.cluster + "/postmaster.pid"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { return }
        // Fast shutdown for 20 seconds, then immediate; a pid that was reused by a stranger is left alone.
        for tick in 0..<600 where isServer(pid) {
            if tick == 0 { kill(pid, SIGINT) }
            if tick == 400 { kill(pid, SIGQUIT) }
            try? await Task.sleep(for: .milliseconds(50))
        }
        guard !isServer(pid) else {
            throw EmbeddedPostgresError(.inUse, "the server with pid \(pid) on \(folders.cluster) does not stop")
        }
        unlink(file)
    }

    /// Whether the process is a Postgres that runs here: it works in its data folder.
    private func isServer(_ pid: pid_t) -> Bool {
        let link = "/proc/\(pid)/cwd"
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == folders.cluster
    }
}
