import ChildProcesses
import Foundation

/// Where the server's programs and data lie, in places that its user reaches.
///
/// A checkout in `/root` is closed to everyone else. The programs are copied to /var/tmp then, and the data live there
/// too. Others may write in /var/tmp, so what we find there is used only if it is ours.
struct ServerFolders: Sendable {
    /// The folder with `bin`, `lib` and `share`.
    let installation: String
    /// The folder that holds the cluster, its password and its log.
    let home: String

    var cluster: String { home + "/cluster" }
    var password: String { home + "/password" }
    var log: String { home + "/server.log" }
    var lock: String { home + "/lock" }

    /// - Throws: ``EmbeddedPostgresError/Code/notInstalled`` or ``EmbeddedPostgresError/Code/unusableFolder``.
    init(installation: URL, data: URL, user: ServerUser) async throws(EmbeddedPostgresError) {
        // Links are resolved, because the server's user has to reach the real place.
        let wanted = installation.resolvingSymlinksInPath().path
        guard FileManager.default.isExecutableFile(atPath: wanted + "/bin/postgres") else {
            throw EmbeddedPostgresError(.notInstalled, "no Postgres in \(installation.path); run scripts/bootstrap")
        }
        let home = data.resolvingSymlinksInPath().path
        guard user.isOther else {
            self.installation = wanted
            self.home = home
            try Self.makeHome(home, for: user)
            return
        }
        // Asked of `test`, because setpriv itself may start what its user cannot reach.
        let reachesPrograms = await Self.succeeds(["/usr/bin/test", "-x", wanted + "/bin/postgres"], as: user)
        self.installation = reachesPrograms ? wanted : try Self.copy(wanted)

        try Self.makeHome(home, for: user)
        if await Self.succeeds(["/usr/bin/test", "-w", home], as: user) {
            self.home = home
        } else {
            rmdir(home)
            self.home = "/var/tmp/leadwright-postgres-data-\(Self.digest(home))"
            try Self.makeHome(self.home, for: user)
        }
    }

    private static func makeHome(_ path: String, for user: ServerUser) throws(EmbeddedPostgresError) {
        do {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        } catch {
            throw EmbeddedPostgresError(.unusableFolder, "cannot make the folder of \(path)", underlying: error)
        }
        if mkdir(path, 0o700) == 0 {
            guard user.own(path) else { throw EmbeddedPostgresError(.unusableFolder, "cannot hand over \(path)") }
            return
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw EmbeddedPostgresError(.unusableFolder, "\(path) is no folder and cannot be made one")
        }
        guard status.st_uid == user.uid || (status.st_uid == geteuid() && user.own(path)) else {
            throw EmbeddedPostgresError(.unusableFolder, "\(path) belongs to someone else; remove it or name another")
        }
    }

    /// Copies the programs to a place that everyone reads, once for each version of them.
    private static func copy(_ installation: String) throws(EmbeddedPostgresError) -> String {
        var program = stat()
        stat(installation + "/bin/postgres", &program)
        let state = "\(installation) \(program.st_size) \(program.st_mtim.tv_sec)"
        let version = (installation as NSString).lastPathComponent
        let copy = "/var/tmp/leadwright-postgres-\(version)-\(digest(state))"
        let unfinished = "\(copy).\(getpid())"
        var status = stat()
        if lstat(copy, &status) != 0 {
            do {
                try? FileManager.default.removeItem(atPath: unfinished)
                try FileManager.default.copyItem(atPath: installation, toPath: unfinished)
            } catch {
                throw EmbeddedPostgresError(.unusableFolder, "cannot copy Postgres to \(copy)", underlying: error)
            }
            // Another process may have been faster; then its copy serves.
            if rename(unfinished, copy) != 0 { try? FileManager.default.removeItem(atPath: unfinished) }
        }
        guard lstat(copy, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0
        else {
            throw EmbeddedPostgresError(.unusableFolder, "\(copy) is not ours or others may write there; remove it")
        }
        return copy
    }

    private static func succeeds(_ command: [String], as user: ServerUser) async -> Bool {
        let child = try? user.start(command, log: .nowhere, diesWithParent: false)
        return await child?.end() == .exited(0)
    }

    /// FNV-1a, 64 bits: a name for a path, no secret.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
