import ChildProcesses
import Foundation

/// The user whom the server runs as: ourselves, or an unprivileged one when we are root, which Postgres refuses.
struct ServerUser: Sendable {
    /// `nil` is ourselves.
    private let other: (uid: uid_t, gid: gid_t)?

    /// - Throws: ``EmbeddedPostgresError/Code/noUser``.
    init() throws(EmbeddedPostgresError) {
        guard geteuid() == 0 else {
            other = nil
            return
        }
        guard let found = ["postgres", "nobody"].lazy.compactMap(Self.find).first else {
            throw EmbeddedPostgresError(
                .noUser, "Postgres does not run as root, and there is no user postgres or nobody; use DATABASE_URL")
        }
        other = found
    }

    private static func find(_ name: String) -> (uid: uid_t, gid: gid_t)? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return (entry.pw_uid, entry.pw_gid)
    }

    /// Whom files of the server belong to.
    var uid: uid_t { other?.uid ?? geteuid() }

    /// Whether it is someone else, who may not reach what we reach.
    var isOther: Bool { other != nil }

    /// Starts a program as this user.
    ///
    /// - Parameters:
    ///   - command: Its path and its arguments.
    ///   - log: Where its output goes.
    ///   - diesWithParent: Whether it shall get SIGINT, Postgres's order for a fast shutdown, when we die.
    func start(
        _ command: [String], log: ChildProcess.Stream, diesWithParent: Bool
    ) throws(EmbeddedPostgresError) -> ChildProcess {
        var options: [String] = []
        if let other { options += ["--reuid=\(other.uid)", "--regid=\(other.gid)", "--clear-groups"] }
        if diesWithParent { options.append("--pdeathsig=INT") }
        let prefix = options.isEmpty ? [] : ["setpriv"] + options + ["--"]
        do throws(ChildProcessError) {
            // The user's PGOPTIONS and the like are for their own databases.
            return try ChildProcess(
                prefix + command, environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"], output: log,
                errors: log)
        } catch {
            throw EmbeddedPostgresError(.startFailed, error.message, underlying: error)
        }
    }

    /// Makes the user the owner of a file or folder of ours.
    func own(_ path: String) -> Bool {
        guard let other else { return true }
        return chown(path, other.uid, other.gid) == 0
    }
}
