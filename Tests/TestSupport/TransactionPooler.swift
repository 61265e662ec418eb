import ChildProcesses
import EmbeddedPostgres
import Foundation

/// PgBouncer in transaction mode in front of a test's database: each transaction may run in another server session, and
/// nothing that a session remembers can be relied on.
public final class TransactionPooler: Sendable {
    /// The database's address through the pooler.
    public let url: String
    private let process: ChildProcess
    private let folder: URL

    /// Starts one, with fewer server sessions than its clients need at once.
    ///
    /// - Throws: ``MissingPart`` when Debian's pgbouncer is not installed.
    public init(to database: TestDatabase, sessions: Int) async throws {
        let program = "/usr/sbin/pgbouncer"
        guard FileManager.default.isExecutableFile(atPath: program) else { throw MissingPart(program) }
        guard let target = URLComponents(string: database.url), let host = target.host, let port = target.port,
            let user = target.user, let password = target.password
        else { throw MissingPart("a database address with host, port, user and password") }
        let listening = try freePort()
        folder = URL(filePath: "/var/tmp/leadwright-pooler-\(getpid())-\(listening)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = """
            [databases]
            * = host=\(host) port=\(port) user=\(user) password=\(password)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(listening)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(sessions)
            max_client_conn = 100
            ignore_startup_parameters = extra_float_digits,options
            """
        let file = folder.appending(path: "pgbouncer.ini")
        try settings.write(to: file, atomically: true, encoding: .utf8)
        // It refuses to run as root, like Postgres.
        let identity =
            geteuid() == 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : ["setpriv"]
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        process = try ChildProcess(identity + ["--pdeathsig=KILL", "--", program, "--quiet", file.path])
        var address = target
        address.port = Int(listening)
        url = address.string ?? ""
        for _ in 0..<200 where !Self.answers(listening) { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Stops it.
    public func stop() {
        process.signal(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    private static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
