public import Foundation

/// Where a test process keeps the data of a Postgres of its own: in /var/tmp, which that server's user reaches.
public enum ServerFolder {
    /// The folder of this process.
    ///
    /// - Parameter kind: What it is for; one folder each.
    public static func url(_ kind: String) -> URL { url(kind, of: getpid()) }

    /// Removes what test processes left that crashed and could not clean up after themselves.
    public static func removeLeftovers(_ kind: String) {
        let prefix = url(kind, of: 0).lastPathComponent.dropLast()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/var/tmp")) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: url(kind, of: process))
        }
    }

    private static func url(_ kind: String, of process: pid_t) -> URL {
        URL(filePath: "/var/tmp/leadwright-\(kind)-\(process)")
    }
}
