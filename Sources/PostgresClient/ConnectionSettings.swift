import CPostgreSQL

/// How to reach the database: the URL, checked, and what Leadwright adds to it.
struct ConnectionSettings: Sendable {
    /// Where the server is, fit for a log: `user@host:port/database`, without the password.
    let place: String
    private let url: String
    private let applicationName: String

    /// - Throws: ``PostgresError/Code/invalidURL``. libpq's own message is left out, for it quotes the URL.
    init(url: String, applicationName: String) throws(PostgresError) {
        guard let options = PQconninfoParse(url, nil) else {
            throw PostgresError(
                .invalidURL, "the database URL cannot be read; it looks like postgresql://user:password@host:5432/name")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let user = values["user"].map { "\($0)@" } ?? ""
        let port = values["port"].map { ":\($0)" } ?? ""
        place = "\(user)\(values["host"] ?? values["hostaddr"] ?? "localhost")\(port)/\(values["dbname"] ?? "")"
        self.url = url
        self.applicationName = applicationName
    }

    /// libpq's keywords in order; a later one wins, so the URL may change all but the encoding.
    ///
    /// A peer that vanished without a word (a power cut, a firewall) is noticed within a minute.
    var keywords: [(name: String, value: String)] {
        [
            ("fallback_application_name", applicationName),
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
            ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
    }
}

extension ConnectionSettings: CustomStringConvertible, CustomReflectable {
    var description: String { place }
    /// Keeps `dump` and debuggers away from the password in `url`.
    var customMirror: Mirror { Mirror(self, children: ["place": place]) }
}
